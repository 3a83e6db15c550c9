/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/observation.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pidfd.h"
#include "host/file_reader.h"
#include "host/machine_file.h"
#include "host/machine_system.h"
#include "host/network.h"
#include "registry/lookup.h"
#include "tools/registrar/claims.h"
#include "tools/registrar/machine_copy.h"
#include "tools/registrar/merge.h"
#include "tools/registrar/vm_addresses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Record that a fact couldn't be read. Its former value, if there is one, stays. */
static void add_miss(struct observation *o, unsigned int fact, const char *what, int error)
{
	o->unread |= fact;
	if (o->n_misses == OBSERVATION_MISSES_MAX)
		return;
	o->misses[o->n_misses].what = what;
	o->misses[o->n_misses++].error = error;
}

static void observe_idmap(struct observation *o, struct arena *arena,
			  const struct observation_request *request, enum id_kind kind)
{
	struct idmap *map = kind == ID_UID ? &o->seen.uids : &o->seen.gids;
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	int n = 0;

	/* In the host's user namespace, ids are the host's. */
	if (o->seen.namespaces & MACHINE_HAS_USER_NAMESPACE)
		n = process_read_idmap(&request->view->own, o->seen.leader.pid, kind, extents);
	if (n > 0 && idmap_is_identity(&(struct idmap){ extents, (size_t) n }))
		n = 0;

	if (n < 0) {
		add_miss(o, kind == ID_UID ? MACHINE_GIVEN_UID_MAP : MACHINE_GIVEN_GID_MAP,
			 kind == ID_UID ? "its uid map" : "its gid map", n);
		return;
	}
	map->extents = arena_copy(arena, extents, (size_t) n * sizeof *extents);
	map->count = (size_t) n;
}

static void observe_namespaces(struct observation *o, const struct observation_request *request)
{
	struct machine *seen = &o->seen;
	int r = process_read_namespaces(&request->view->own, seen->leader.pid, &seen->namespaces,
					&seen->user_namespace);

	if (r < 0)
		add_miss(o, UNREAD_NAMESPACES, "its namespaces", r);
	else
		seen->knows_namespaces = true;
}

static void observe_unit(struct observation *o, struct arena *arena,
			 const struct cgroup_hierarchy *cgroups)
{
	uint32_t pid = o->seen.leader.pid;
	char unit[UNIT_NAME_SIZE];
	int r = cgroups ? process_read_unit(cgroups, pid, unit) : -ENOENT;

	o->unit_is_shared = r == 0 && process_unit_is_shared(cgroups, pid, unit);
	if (r == 0 && !o->unit_is_shared)
		o->seen.unit = arena_strdup(arena, unit);
	else if (r < 0 && r != -ENOENT)
		add_miss(o, MACHINE_GIVEN_UNIT, "its cgroup", r);
}

/* `root` is a descriptor of its root directory, or a negative errno. */
static void observe_root(struct observation *o, struct arena *arena,
			 const struct observation_request *request, int root)
{
	char path[PATH_MAX];
	int r = root < 0 ? root
			 : process_read_root(&request->view->own, o->seen.leader.pid, root, path);

	if (r == 0)
		o->seen.root_directory = arena_strdup(arena, path);
	else if (r == -EREMOTE)
		o->unread |= MACHINE_GIVEN_ROOT;
	else if (r != -ENOENT)
		add_miss(o, MACHINE_GIVEN_ROOT, "its root directory", r);
}

/* Milliseconds: in a look that others wait for. What takes longer is read by a look of its own. */
#define QUICK_FILE_WAIT 50

static bool may_still_come(const struct machine_system *system, uint64_t registered)
{
	uint64_t now = (uint64_t) clock_microseconds(CLOCK_MONOTONIC);

	return machine_system_lacks(system) && now - registered < SYSTEM_SETTLING * 1000000u;
}

/* Whether what is known of its files is what a look would find. */
static bool knows_system(const struct observation_request *request,
			 const struct machine_system *found, bool has_hosts_root)
{
	return request->system_look != SYSTEM_LOOK_AGAIN &&
	       machine_system_is_of_root(&request->system, found) &&
	       (has_hosts_root || !may_still_come(&request->system, request->registered));
}

static int read_system(struct observation *o, struct arena *arena,
		       const struct observation_request *request, int root, int milliseconds)
{
	struct machine_system *system = &o->seen.system;

	if (machine_root_is_hosts(root) &&
	    process_shares_namespace(&request->view->own, o->seen.leader.pid, NAMESPACE_MOUNT) == 1)
		return machine_system_read_hosts(arena, root, system);
	return machine_system_read(arena, root, milliseconds, system);
}

/*
 * Its files are asked for once for a root directory, as it may have them on a file system that
 * never answers. A quick look leaves that to another one.
 */
static void observe_system(struct observation *o, struct arena *arena,
			   const struct observation_request *request, int root)
{
	bool is_quick = request->system_look == SYSTEM_LOOK_QUICK, has_hosts_root;
	struct machine_system found;
	int r = root < 0 ? root : machine_system_identify(root, &found);

	if (r < 0) {
		add_miss(o, UNREAD_SYSTEM, "its operating system", r);
		return;
	}
	has_hosts_root = machine_root_is_hosts(root);
	if (knows_system(request, &found, has_hosts_root)) {
		o->seen.system = request->system;
		return;
	}
	if (has_hosts_root && request->system_look == SYSTEM_LOOK_EARLY)
		return;
	o->seen.system = found;
	if (request->system_look == SYSTEM_LOOK_NONE)
		return;
	r = read_system(o, arena, request, root, is_quick ? QUICK_FILE_WAIT : FILE_READER_WAIT);
	if (r == -ETIMEDOUT && is_quick)
		r = -EINTR;
	if (r < 0)
		add_miss(o, r == -ETIMEDOUT ? 0 : UNREAD_SYSTEM, "its operating system", r);
}

/* Whatever is judged again is judged by these. */
static void keep_network(struct observation *o, struct arena *arena,
			 const struct machine_network *network,
			 const struct observation_request *request)
{
	struct machine_network *kept = &o->network;

	*kept = *network;
	kept->links = arena_copy(arena, network->links, network->n_links * sizeof *kept->links);
	kept->addresses = arena_copy(arena, network->addresses,
				     network->n_addresses * sizeof *kept->addresses);
	kept->interfaces = arena_copy(arena, network->interfaces,
				      network->n_interfaces * sizeof *kept->interfaces);
	o->former = request->addresses;
	o->n_former = request->n_addresses;
	o->seen.addresses = kept->addresses;
	o->seen.n_addresses = kept->n_addresses;
	o->seen.interfaces = kept->interfaces;
	o->seen.n_interfaces = kept->n_interfaces;
}

static void judge_network(struct observation *o, struct host_view *view)
{
	size_t n_questions = view->n_questions;

	machine_network_judge(&o->network, view, o->former, o->n_former);
	o->has_questions = view->n_questions > n_questions;
}

/* 0, or -1 if there is no way back into the own namespace. */
static int observe_network(struct observation *o, struct arena *arena,
			   const struct observation_request *request, struct failure *f)
{
	CLEANUP(machine_network_done) struct machine_network network = { 0 };
	int r = machine_network_read(o->pidfd, o->seen.leader.pid, request->view, &network);

	if (r == -ENOTRECOVERABLE)
		return failure_set(f, FAILURE_OTHER, "cannot read its addresses: %s",
				   registry_writer_error_words(r));
	if (r < 0) {
		add_miss(o, UNREAD_NETWORK, "its addresses", r);
		return 0;
	}
	o->n_left_out = network.n_left_out;
	keep_network(o, arena, &network, request);
	judge_network(o, request->view);
	if (request->view->error)
		add_miss(o, UNREAD_NETWORK, "where its addresses are routed", request->view->error);
	request->view->error = 0;
	return 0;
}

/* Look at a VM's network from the host. */
static void observe_vm_network(struct observation *o, struct arena *arena,
			       const struct observation_request *request)
{
	CLEANUP(vm_interfaces_done) struct vm_interfaces vm = { 0 };
	struct machine *seen = &o->seen;
	struct machine_interface *interfaces;
	int r = vm_interfaces_find(seen->leader.pid, request->interfaces, request->n_interfaces,
				   &vm);

	if (r >= 0)
		r = vm_addresses(&vm, request->view, arena, &seen->addresses);
	if (r == -ENOENT) {
		/* A dying emulator's files vanish before its last thread: keep what was known. */
		o->unread |= UNREAD_NETWORK;
		return;
	}
	if (r < 0) {
		add_miss(o, UNREAD_NETWORK, "its addresses", r);
		return;
	}
	seen->n_addresses = (size_t) r;
	interfaces = arena_alloc(arena, vm.n_ports * sizeof *interfaces);
	for (size_t i = 0; i < vm.n_ports; i++)
		interfaces[i].index = vm.ports[i].index;
	seen->interfaces = interfaces;
	seen->n_interfaces = vm.n_ports;
}

static void keep_record(struct observation_request *request, struct arena *arena,
			const struct machine *record)
{
	CLEANUP_FREE uint8_t *bytes = malloc(RECORD_SIZE_MAX);
	int size = bytes ? record_encode(record, bytes, RECORD_SIZE_MAX) : -ENOMEM;

	if (!bytes)
		arena_out_of_memory();
	if (size < 0)
		return;
	request->record = arena_copy(arena, bytes, (size_t) size);
	request->record_size = (size_t) size;
}

struct observation_request observation_request_for(struct snapshot *s, struct arena *arena,
						   const char *name,
						   const struct machine_leader *leader)
{
	struct observation_request request = { .class = MACHINE_CONTAINER };
	struct machine former;

	if (find_same_registration(s, name, leader, &former) == 0) {
		request.class = former.class;
		request.interfaces = given_interfaces(arena, &former, &request.n_interfaces);
		request.addresses = arena_copy(arena, former.addresses,
					       former.n_addresses * sizeof *former.addresses);
		request.n_addresses = former.n_addresses;
		request.system = machine_system_copy(arena, &former.system);
		request.registered = former.monotonic;
		keep_record(&request, arena, &former);
	}
	return request;
}

static void close_pidfd(struct observation *o)
{
	cleanup_close(&o->pidfd);
	o->pidfd = -1;
}

void observation_begin(struct observation *o, int64_t pid, const struct machine_leader *expected)
{
	*o = (struct observation){ .pidfd = -1 };
	o->verdict = leader_inspect(pid, &o->seen.leader, &o->pidfd, &o->leader_error);
	/* Another process has its pid by now. */
	if (o->verdict == LEADER_OK && expected && !leader_is_expected(&o->seen.leader, expected)) {
		o->verdict = LEADER_ABSENT;
		close_pidfd(o);
	}
}

void observation_begin_registered(struct observation *o, const struct machine_leader *leader)
{
	int pidfd = leader_open_by_inode(leader);

	if (pidfd >= 0 && pidfd_is_alive(pidfd)) {
		*o = (struct observation){ .pidfd = pidfd,
					   .verdict = LEADER_OK,
					   .seen.leader = *leader };
		return;
	}
	cleanup_close(&pidfd);
	observation_begin(o, leader->pid, NULL);
}

int observation_complete(struct observation *o, struct arena *arena,
			 const struct observation_request *request, struct failure *f)
{
	int r = 0;

	o->class = request->class;
	o->record = request->record;
	o->record_size = request->record_size;
	own_namespaces_look_at(&request->view->own, o->seen.leader.pid, o->pidfd);
	observe_unit(o, arena, request->cgroups);
	if (request->class == MACHINE_VM) {
		observe_vm_network(o, arena, request);
	} else {
		CLEANUP_CLOSE int root = process_root_open(o->seen.leader.pid);

		observe_namespaces(o, request);
		observe_idmap(o, arena, request, ID_UID);
		observe_idmap(o, arena, request, ID_GID);
		observe_root(o, arena, request, root);
		observe_system(o, arena, request, root);
		r = observe_network(o, arena, request, f);
	}
	own_namespaces_look_at(&request->view->own, 0, -1);
	/* If it has died, its pid may have been another process's meanwhile. */
	if (!pidfd_is_alive(o->pidfd))
		o->verdict = LEADER_ABSENT;
	close_pidfd(o);
	return r;
}

bool observation_is_of_record(const struct observation *o, const char *name,
			      struct snapshot *registry, struct arena *arena)
{
	struct observation_request now =
		observation_request_for(registry, arena, name, &o->seen.leader);

	return now.record_size == o->record_size &&
	       (now.record_size == 0 || memcmp(now.record, o->record, now.record_size) == 0);
}

void observations_ask_neighbours(struct observation *observations, size_t count,
				 struct host_view *view, int milliseconds)
{
	if (view->n_questions == 0)
		return;
	/* Those that can't be asked stay unknown: without CAP_NET_ADMIN, all. */
	(void) !host_view_ask(view, milliseconds);
	for (size_t i = 0; i < count && milliseconds > 0; i++)
		if (observations[i].has_questions)
			judge_network(&observations[i], view);
	view->n_questions = 0;
}

/*
 * Whether another look will tell more: a change has disturbed this one, or the process
 * dies, and has lost its namespaces before it is seen to be dead.
 */
static bool will_pass(int error)
{
	return error == -EINTR || error == -ENOENT || error == -ESRCH;
}

/* Nothing here waits for a lock. */
static const char *miss_words(int error)
{
	return error == -ETIMEDOUT ? "no answer within a second"
				   : registry_writer_error_words(error);
}

void observation_report(const struct observation *o, const char *subject, bool retries,
			struct notices *notices)
{
	/* Facts of a machine that has ended can't be read, of course. */
	if (o->verdict != LEADER_OK)
		return;
	if (o->n_left_out)
		notices_add(notices, NOTICE_WARNING,
			    "%s: has more than %d addresses; %zu are left out", subject,
			    MACHINE_ADDRESSES_MAX, o->n_left_out);
	for (size_t i = 0; i < o->n_misses; i++)
		if (!(retries && will_pass(o->misses[i].error)))
			notices_add(notices, NOTICE_WARNING, "%s: cannot read %s: %s", subject,
				    o->misses[i].what, miss_words(o->misses[i].error));
}

static bool is_temporary(int error)
{
	return error == -EINTR || error == -EAGAIN || error == -ENOMEM || error == -ENFILE ||
	       error == -EMFILE || error == -ENOBUFS || error == -EBUSY;
}

bool observation_has_hung(const struct observation *o)
{
	for (size_t i = 0; i < o->n_misses; i++)
		if (o->misses[i].error == -ETIMEDOUT)
			return true;
	return false;
}

bool observation_is_incomplete(const struct observation *o)
{
	if (o->verdict == LEADER_OK)
		for (size_t i = 0; i < o->n_misses; i++)
			if (is_temporary(o->misses[i].error))
				return true;
	return false;
}
