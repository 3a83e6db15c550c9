/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/watched.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/netlink.h"
#include "host/network.h"
#include "host/process.h"
#include "tools/monitor/settling.h"

#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* At most so many messages of a network namespace are thrown away at once. */
#define DRAIN_MAX 64

static int compare_networks(const void *left, const void *right)
{
	const struct watched_network *a = left, *b = right;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* Which namespace this is: its device and inode, namespaces(7). */
static int read_network(const char *path, struct watched_network *network)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	network->device = st.st_dev;
	network->inode = st.st_ino;
	return 0;
}

static bool is_home(const struct watched *w, const struct watched_network *network)
{
	return network->device == w->home_device && network->inode == w->home_inode;
}

bool watched_is_at_home(const struct watched *w)
{
	struct watched_network now = { 0 };

	return read_network("/proc/self/ns/net", &now) == 0 && is_home(w, &now);
}

int watched_init(struct watched *w, size_t descriptors_max)
{
	struct stat st;

	*w = (struct watched){ .sources.epoll = -1,
			       .settling_due = SCHEDULE_NEVER,
			       .home = network_open_home() };
	if (w->home < 0 || fstat(w->home, &st) < 0)
		return w->home < 0 ? w->home : -errno;
	w->home_device = st.st_dev;
	w->home_inode = st.st_ino;
	if (getrandom(&w->digest_key, sizeof w->digest_key, GRND_NONBLOCK) < 0)
		w->digest_key = (uintptr_t) w;
	return sources_init(&w->sources, descriptors_max);
}

void watched_note(struct watched *w, struct watched_machine *m)
{
	schedule_note(&w->schedule, &m->item, w->now);
}

void watched_note_all(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		watched_note(w, w->machines[i]);
}

struct watched_machine *watched_machine_of(struct schedule_item *item)
{
	return (void *) ((char *) item - offsetof(struct watched_machine, item));
}

static void leave_network(struct watched *w, struct watched_machine *m)
{
	struct watched_network *network = m->network;
	struct watched_machine **at;

	if (!network)
		return;
	for (at = &network->machines; *at != m; at = &(*at)->next)
		;
	*at = m->next;
	m->network = NULL;
	if (network->machines)
		return;
	/* The socket keeps the namespace alive, and that keeps its interfaces. */
	source_remove(&w->sources, &network->socket);
	tdelete(network, &w->networks, compare_networks);
	free(network);
}

static struct watched_network *find_or_add_network(struct watched *w,
						   const struct watched_network *key)
{
	struct watched_network **found = tfind(key, &w->networks, compare_networks);
	struct watched_network *network;

	if (found)
		return *found;
	network = malloc(sizeof *network);
	if (!network)
		arena_out_of_memory();
	*network = (struct watched_network){ .socket = { SOURCE_NETWORK, -1 },
					     .device = key->device,
					     .inode = key->inode };
	if (!tsearch(network, &w->networks, compare_networks))
		arena_out_of_memory();
	return network;
}

/*
 * The same of the leader, by its pidfd, which takes a tenth of the time. `fd` becomes a descriptor of
 * the namespace, which the caller closes; or -1 before Linux 6.11.
 */
static int open_leaders_network(const struct watched_machine *m, struct watched_network *network,
				int *fd)
{
	char path[PROC_PATH_SIZE];
	struct stat st;

	*fd = m->pidfd.fd >= 0 ? pidfd_open_namespace(m->pidfd.fd, NAMESPACE_NETWORK) : -ENOTTY;
	if (*fd == -ENOTTY || *fd == -EINVAL || *fd == -EOPNOTSUPP) {
		proc_path(path, m->leader.pid, "ns/net");
		return read_network(path, network);
	}
	if (*fd < 0)
		return *fd;
	if (fstat(*fd, &st) < 0)
		return -errno;
	network->device = st.st_dev;
	network->inode = st.st_ino;
	return 0;
}

static int read_leaders_network(const struct watched_machine *m, struct watched_network *network)
{
	CLEANUP_CLOSE int fd = -1;

	return open_leaders_network(m, network, &fd);
}

static bool is_in_network(const struct watched_machine *m, const struct watched_network *network)
{
	return m->network && compare_networks(m->network, network) == 0;
}

/* Count the machine to the network namespace that its leader is in now. `fd` becomes that, or -1. */
static void enter_network(struct watched *w, struct watched_machine *m, int *fd)
{
	struct watched_network now = { 0 };
	int r = open_leaders_network(m, &now, fd);

	m->is_hidden = r < 0 && r != -ENOENT && r != -ESRCH;
	/* The monitor is told of the host's own interfaces anyway. */
	if (r < 0 || is_home(w, &now)) {
		leave_network(w, m);
		return;
	}
	if (is_in_network(m, &now))
		return;
	leave_network(w, m);
	m->network = find_or_add_network(w, &now);
	m->next = m->network->machines;
	m->network->machines = m;
}

/* Whether the leader isn't in the network namespace that is watched for it. */
static bool has_moved(const struct watched *w, const struct watched_machine *m)
{
	struct watched_network now = { 0 };

	if (m->has_died || read_leaders_network(m, &now) < 0)
		return false;
	return is_home(w, &now) ? m->network != NULL : !is_in_network(m, &now);
}

void watched_check_networks(struct watched *w, bool all)
{
	for (size_t i = 0; i < w->count; i++) {
		struct watched_machine *m = w->machines[i];

		if ((all || (!m->network && !m->is_vm)) && has_moved(w, m))
			watched_note(w, m);
	}
}

static void note_network(struct watched *w, const struct watched_network *network)
{
	for (struct watched_machine *m = network->machines; m; m = m->next)
		watched_note(w, m);
}

/*
 * Open the socket in the machine's network namespace, of which `network` is a descriptor, or -1. The
 * other machines in it are noted.
 */
static void open_network(struct watched *w, struct watched_machine *m, int network)
{
	int fd = machine_network_listen(network >= 0 ? network : m->pidfd.fd, w->home);
	struct watched_network now = { 0 };

	/* The leader may have entered another namespace meanwhile, and the socket be in that. */
	if (fd >= 0 && network < 0 &&
	    (read_leaders_network(m, &now) < 0 || !is_in_network(m, &now))) {
		close(fd);
		return;
	}
	if (source_add_oneshot(&w->sources, &m->network->socket, fd) == 0)
		note_network(w, m->network);
}

static bool has_room(const struct watched *w)
{
	return w->sources.used < w->sources.max;
}

static void open_pidfd(struct watched *w, struct watched_machine *m)
{
	if (m->has_died || m->pidfd.fd >= 0 || !has_room(w))
		return;
	if (source_add(&w->sources, &m->pidfd, leader_open(&m->leader, &w->context)) != -ESRCH)
		return;
	m->has_died = true;
	watched_note(w, m);
}

static void unwatch_machine(struct watched *w, struct watched_machine *m)
{
	leave_network(w, m);
	source_remove(&w->sources, &m->pidfd);
}

static bool is_whole(const struct watched_machine *m)
{
	return m->has_died ||
	       (m->pidfd.fd >= 0 && !m->is_hidden && (!m->network || m->network->socket.fd >= 0));
}

static void set_whole(struct watched *w, struct watched_machine *m, bool is_whole)
{
	w->n_partial += (size_t) m->is_whole - (size_t) is_whole;
	m->is_whole = is_whole;
}

static void forget_machine(struct watched *w, struct watched_machine *m)
{
	unwatch_machine(w, m);
	schedule_drop(&w->schedule, &m->item);
	w->n_learned -= m->is_learned;
	w->learned_is_new |= m->is_learned;
	set_whole(w, m, true);
	free(m->interfaces);
	free(m->addresses);
	free(m->spelling);
	free(m);
}

static struct watched_machine *new_machine(const struct watched *w, const char *name)
{
	struct watched_machine *m = calloc(1, sizeof *m + strlen(name) + 1);

	if (!m)
		arena_out_of_memory();
	m->pidfd = (struct source){ SOURCE_LEADER, -1 };
	m->is_whole = true;
	m->slow_looks = w->is_careful;
	strcpy(m->name, name);
	return m;
}

static void take_interfaces(struct watched_machine *m, const struct machine *machine)
{
	free(m->interfaces);
	m->interfaces = calloc(machine->n_interfaces + 1, sizeof *m->interfaces);
	if (!m->interfaces)
		arena_out_of_memory();
	m->n_interfaces = (uint32_t) machine->n_interfaces;
	for (size_t i = 0; i < machine->n_interfaces; i++)
		m->interfaces[i] = machine->interfaces[i].index;
}

/* Keep the neighbour that was found for an address before. */
static void keep_neighbour(struct watched_address *address, const struct watched_machine *m)
{
	for (size_t i = 0; i < m->n_addresses; i++)
		if (m->addresses[i].family == address->family &&
		    memcmp(m->addresses[i].bytes, address->bytes, sizeof address->bytes) == 0)
			memcpy(address->neighbour, m->addresses[i].neighbour,
			       sizeof address->neighbour);
}

static void take_addresses(struct watched_machine *m, const struct machine *machine)
{
	size_t count = machine->n_addresses + machine->n_unanswered;
	struct watched_address *addresses = calloc(count + 1, sizeof *addresses);

	if (!addresses)
		arena_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		const struct machine_address *from = machine_address(machine, i);

		addresses[i].family = from->family;
		memcpy(addresses[i].bytes, from->bytes, sizeof from->bytes);
		keep_neighbour(&addresses[i], m);
	}
	free(m->addresses);
	m->addresses = addresses;
	m->n_addresses = (uint32_t) count;
}

static void take_spelling(struct watched_machine *m, const char *name)
{
	free(m->spelling);
	m->spelling = strcmp(name, m->name) == 0 ? NULL : strdup(name);
}

const char *watched_name(const struct watched_machine *m)
{
	return m->spelling ? m->spelling : m->name;
}

static int compare_name(const void *folded, const void *machine)
{
	return strcmp(folded, (*(struct watched_machine *const *) machine)->name);
}

struct watched_machine *watched_find(const struct watched *w, const char *folded)
{
	struct watched_machine **found =
		w->count ? bsearch(folded, w->machines, w->count, sizeof *w->machines, compare_name)
			 : NULL;

	return found ? *found : NULL;
}

/* Take from a record that has changed what is to be watched. */
static void update_machine(struct watched *w, struct watched_machine *m,
			   const struct machine *machine)
{
	if (!leader_equal(&m->leader, &machine->leader)) {
		unwatch_machine(w, m);
		m->has_died = false;
		m->leader = machine->leader;
	}
	w->n_learned -= m->is_learned;
	w->learned_is_new |= m->is_learned;
	m->is_vm = machine->class == MACHINE_VM;
	m->is_learned = m->is_vm && !machine_has_given_address(machine);
	w->n_learned += m->is_learned;
	w->learned_is_new |= m->is_learned;
	take_interfaces(m, machine);
	take_addresses(m, machine);
	take_spelling(m, machine->name);
	settling_begin(w, m, machine);
	watched_note(w, m);
}

/* FNV-1a in words, from a secret start; nobody has to keep the records to see that one changed. */
static uint64_t record_digest(const struct watched *w, const uint8_t *bytes, size_t size)
{
	uint64_t digest = w->digest_key, word;

	for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		digest = (digest ^ word) * 0x9e3779b97f4a7c15u;
		digest ^= digest >> 29;
	}
	for (; size > 0; bytes++, size--)
		digest = (digest ^ *bytes) * 0x100000001b3u;
	digest ^= digest >> 32;
	return digest ? digest : 1;
}

/* A snapshot's machines beside those that are watched. Both are in the order of their names. */
struct following {
	struct watched_machine **machines;
	size_t count;
	size_t at; /* of those that were watched before */
};

/* The watched machine of this name: it, or a new one. Those before it are no longer registered. */
static struct watched_machine *follow_name(struct watched *w, struct following *f,
					   const char *folded)
{
	struct watched_machine *m = NULL;
	int order = 1;

	while (f->at < w->count && (order = strcmp(w->machines[f->at]->name, folded)) < 0)
		forget_machine(w, w->machines[f->at++]);
	if (f->at < w->count && order == 0)
		m = w->machines[f->at++];
	f->machines[f->count++] = m ? m : new_machine(w, folded);
	return f->machines[f->count - 1];
}

static int follow_record(struct watched *w, struct following *f, const char *folded,
			 const struct value *record)
{
	struct watched_machine *m = follow_name(w, f, folded);
	uint64_t digest = record_digest(w, record->bytes, record->size);
	struct machine machine;
	int r;

	if (digest == m->digest)
		return 0;
	r = record_decode(record->bytes, record->size, &machine);
	if (r < 0)
		return r;
	update_machine(w, m, &machine);
	m->digest = digest;
	open_pidfd(w, m);
	return 0;
}

int watched_follow(struct watched *w, struct snapshot *s)
{
	struct following f = { .machines = calloc(s->meta.machines + 1, sizeof *f.machines) };
	char folded[MACHINE_NAME_SIZE] = "";
	struct value record;
	int r = -ENOENT;

	if (!f.machines)
		arena_out_of_memory();
	w->context = s->meta.context;
	while (s->is_open && f.count < s->meta.machines &&
	       (r = snapshot_next_record(s, folded, &record)) == 0)
		if ((r = follow_record(w, &f, folded, &record)) < 0)
			break;
	/* Of a damaged snapshot, the rest isn't known: watch no machine that it may not have. */
	while (f.at < w->count)
		forget_machine(w, w->machines[f.at++]);
	free(w->machines);
	w->machines = f.machines;
	w->count = f.count;
	return r == 0 || r == -ENOENT ? 0 : r;
}

/*
 * Throw away what the socket has reported, and have it report again. If more
 * comes than is thrown away, it is ready again at once, and its machines rest.
 */
static void rearm_network(struct watched *w, struct watched_network *network)
{
	char byte;

	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(network->socket.fd, &byte, sizeof byte, MSG_DONTWAIT) < 0 &&
		    errno == EAGAIN)
			break;
	source_rearm(&w->sources, &network->socket);
}

/* Whether all machines in the network rest, so that nothing more has to be known of it. */
static bool network_rests(const struct watched *w, const struct watched_network *network)
{
	for (const struct watched_machine *m = network->machines; m; m = m->next)
		if (m->item.not_before <= w->now)
			return false;
	return true;
}

void watched_take_event(struct watched *w, struct source *source)
{
	struct watched_network *network = (void *) source;
	struct watched_machine *m = (void *) source;

	if (source->kind == SOURCE_NETWORK) {
		note_network(w, network);
		/* Each further event prolongs the burst. */
		if (!network_rests(w, network))
			rearm_network(w, network);
		return;
	}
	m->has_died = true;
	unwatch_machine(w, m);
	watched_note(w, m);
}

void watched_begin_look(struct watched *w, struct watched_machine *m)
{
	CLEANUP_CLOSE int network = -1;

	open_pidfd(w, m);
	if (!m->has_died)
		enter_network(w, m, &network);
	if (m->network && m->network->socket.fd >= 0)
		rearm_network(w, m->network);
	else if (m->network && m->pidfd.fd >= 0 && has_room(w))
		open_network(w, m, network);
	set_whole(w, m, is_whole(m));
	/* The look that follows sees the noted changes. */
	schedule_drop(&w->schedule, &m->item);
}

void watched_done(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		forget_machine(w, w->machines[i]);
	free(w->machines);
	schedule_free(&w->schedule);
	sources_done(&w->sources);
	cleanup_close(&w->home);
	*w = (struct watched){ .sources.epoll = -1, .home = -1 };
}
