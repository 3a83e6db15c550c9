/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/machine_processes.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/file_reader.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "registry/process_stat.h"
#include "tools/processes/cgroup_processes.h"
#include "tools/processes/namespace_processes.h"
#include "tools/processes/pid_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* More than the ancestors of a leader. */
#define ANCESTORS_MAX 4096

/* The parent of all kernel threads, such as those of vhost, which are in the cgroup of their user. */
#define KTHREADD 2

/* The beginning of the last component of a path: OpenRC's sh/rc-cgroup.sh. */
#define OPENRC_CGROUP "/openrc."

/* That of a scope of systemd-run(1), such as run-r0123abc.scope or run-u7.scope, or with a pid. */
#define TRANSIENT_SCOPE "/run-"

bool cgroup_path_is_within(const char *path, const char *cgroup)
{
	size_t length = strlen(cgroup);

	return strncmp(path, cgroup, length) == 0 && (path[length] == '/' || !path[length]);
}

/* 0 or a negative errno. */
static int hold_namespace(struct machine_processes *p)
{
	uint32_t leader = p->machine->leader.pid;
	struct stat st;

	if (!pid_namespace_is_led_by(leader))
		return 0;
	p->namespace = process_open_namespace(leader, NAMESPACE_PID);
	/* Without privileges, its processes are still known as its descendants. */
	if (p->namespace < 0)
		return p->namespace == -EACCES ? 0 : p->namespace;
	if (fstat(p->namespace, &st) < 0)
		return -errno;
	p->inode = st.st_ino;
	return 0;
}

int machine_processes_open(struct machine_processes *p, struct snapshot *snapshot,
			   const struct cgroup_hierarchy *cgroups, struct arena *arena,
			   const struct machine *machine)
{
	int r;

	*p = (struct machine_processes){
		.snapshot = snapshot,
		.arena = arena,
		.machine = machine,
		.cgroups = cgroups,
		.namespace = -1,
	};
	r = hold_namespace(p);
	/* If it still lives, the namespace is that of this leader, not of a reused pid. */
	if (r == 0 && leader_state(&machine->leader, &snapshot->meta.context, NULL) == LEADER_DEAD)
		r = -ESRCH;
	if (r < 0)
		machine_processes_close(p);
	return r;
}

void machine_processes_close(struct machine_processes *p)
{
	cleanup_close(&p->namespace);
	p->namespace = -1;
	ancestry_done(&p->ancestry);
	line_memory_done(&p->from_cgroup);
}

bool machine_processes_in_namespace(const struct machine_processes *p, uint32_t pid)
{
	ino_t inodes[PID_NAMESPACES_MAX];
	int count = p->inode ? pid_namespaces_read(pid, inodes) : 0;

	for (int i = 0; i < count; i++)
		if (inodes[i] == p->inode)
			return true;
	return false;
}

enum process_relation machine_processes_relation(struct machine_processes *p, uint32_t pid)
{
	struct machine found;

	if (nearest_leader_find(&p->ancestry, p->snapshot, pid, &found) < 0)
		return machine_processes_in_namespace(p, pid) ? PROCESS_OWN : PROCESS_OF_HOST;
	if (found.sequence == p->machine->sequence)
		return PROCESS_OWN;
	/* A process of a machine outside may have entered the namespace. */
	return machine_processes_in_namespace(p, pid) &&
			       !machine_processes_in_namespace(p, found.leader.pid)
		       ? PROCESS_OWN
		       : PROCESS_OF_OTHER_MACHINE;
}

static bool has_namespace_of_its_own(uint32_t pid)
{
	for (enum namespace_kind kind = NAMESPACE_USER; kind <= NAMESPACE_CGROUP; kind++)
		if (process_shares_namespace(NULL, pid, kind) == 0)
			return true;
	return false;
}

static void read_leader_line(struct machine_processes *p)
{
	uint32_t ancestor = p->machine->leader.pid;

	do {
		ancestor = ancestry_parent(&p->ancestry, ancestor);
		p->leader_line = arena_grow(p->arena, p->leader_line, p->n_leader_line,
					    sizeof *p->leader_line);
		p->leader_line[p->n_leader_line++] = ancestor;
	} while (ancestor > 1 && p->n_leader_line < ANCESTORS_MAX);
}

bool machine_processes_are_below(struct machine_processes *p, uint32_t pid)
{
	if (!p->leader_line)
		read_leader_line(p);
	for (size_t i = 0; pid > 0 && i < p->n_leader_line; i++)
		if (p->leader_line[i] == pid)
			return true;
	return false;
}

/* The verdicts of judge_cgroup(). */
#define IS_FROM_CGROUP	1
#define IS_FROM_OUTSIDE 2

struct cgroup_question {
	struct machine_processes *processes;
	const char *cgroup;
};

static long judge_cgroup(void *data, uint32_t pid)
{
	const struct cgroup_question *question = data;
	struct machine_processes *p = question->processes;
	CLEANUP_FREE char *path = NULL;

	if (pid <= KTHREADD || machine_processes_relation(p, pid) == PROCESS_OWN)
		return IS_FROM_CGROUP;
	path = cgroup_read_path(p->cgroups, pid);
	return path && cgroup_path_is_within(path, question->cgroup) ? 0 : IS_FROM_OUTSIDE;
}

/*
 * Whether the line of its parents leads through this cgroup to the machine, or to the
 * host's init, by which a process is adopted whose parent has died. A process with a living parent
 * elsewhere is somebody else's. The cgroup is always the leader's.
 */
static bool is_from_cgroup(struct machine_processes *p, const char *cgroup, uint32_t pid)
{
	struct cgroup_question question = { p, cgroup };

	return ancestry_judge(&p->ancestry, &p->from_cgroup, ancestry_parent(&p->ancestry, pid),
			      judge_cgroup, &question) == IS_FROM_CGROUP;
}

/*
 * Whether systemd or OpenRC has made the cgroup for a service, whose main processes have the host's init as
 * their parent, too. All sessions may be in that of sshd.
 */
static bool is_of_service(const char *cgroup)
{
	const char *name = strrchr(cgroup, '/'), *suffix = strrchr(cgroup, '.');

	return (suffix && strcmp(suffix, ".service") == 0) ||
	       (name && strncmp(name, OPENRC_CGROUP, strlen(OPENRC_CGROUP)) == 0);
}

/* Whether a manager has made the cgroup for the machine: that of systemd-machined, or of libvirt without systemd. */
static bool is_made_for_machine(const struct machine *m, const char *cgroup)
{
	return m->given & MACHINE_GIVEN_UNIT || strstr(cgroup, "/machine.slice/") ||
	       strstr(cgroup, "/machine/");
}

/*
 * Whether a manager has made the cgroup for its machine, in a slice of its own: Proxmox VE makes
 * /qemu.slice/100.scope. A user's terminals and applications are in scopes, too, and so is what root
 * starts by systemd-run(1): in system.slice, or with a name that begins so.
 */
static bool is_scope_of_manager(const char *cgroup)
{
	const char *name = strrchr(cgroup, '/'), *suffix = strrchr(cgroup, '.');

	return suffix && strcmp(suffix, ".scope") == 0 && !strstr(cgroup, "/user.slice/") &&
	       !strstr(cgroup, "/system.slice/") &&
	       !(name && strncmp(name, TRANSIENT_SCOPE, strlen(TRANSIENT_SCOPE)) == 0);
}

/* Whether the process started before the machine's leader, or lets all wait who ask: host/process_status.h. */
static bool is_older(const struct machine *m, uint32_t pid)
{
	struct process_stat stat;
	char text[1024];
	ssize_t n = file_reader_read_proc(pid, "stat", text, sizeof text);

	return n < 0 ? n == -ETIMEDOUT
		     : process_stat_parse(text, &stat) == 0 &&
			       stat.start_time < m->leader.start_time;
}

/*
 * Whether the process was there before the machine: a daemon, perhaps, which the cgroup is of. In a cgroup for
 * the machine alone it is a helper that is started first, such as swtpm(8).
 */
static bool is_there_before(const struct machine *m, const char *cgroup, uint32_t pid)
{
	return !is_made_for_machine(m, cgroup) && !is_scope_of_manager(cgroup) && is_older(m, pid);
}

/* Whether a process in the leader's cgroup that isn't otherwise the machine's may be. */
static bool may_be_own_by_cgroup(struct machine_processes *p, const char *cgroup, uint32_t pid)
{
	return pid != (uint32_t) getpid() && !is_of_service(cgroup) &&
	       !is_there_before(p->machine, cgroup, pid) && !machine_processes_are_below(p, pid) &&
	       is_from_cgroup(p, cgroup, pid);
}

/* Whether all processes of the cgroup and those below it are the machine's. */
static bool is_own_cgroup(struct machine_processes *p, const char *cgroup)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	char unit[UNIT_NAME_SIZE];
	uint32_t *pids;
	long count;

	if (cgroup_unit(cgroup, p->cgroups->root, unit) == 0 &&
	    process_unit_is_shared(p->cgroups, p->machine->leader.pid, unit))
		return false;
	count = cgroup_processes_read(
		&arena, arena_printf(&arena, "%s%s", p->cgroups->mount, cgroup), &pids);
	for (long i = 0; i < count; i++) {
		enum process_relation relation = pids[i] ? machine_processes_relation(p, pids[i])
							 : PROCESS_OF_OTHER_MACHINE;

		if (relation == PROCESS_OF_OTHER_MACHINE ||
		    (relation == PROCESS_OF_HOST && !may_be_own_by_cgroup(p, cgroup, pids[i])))
			return false;
	}
	return count > 0;
}

/* Find out whether the leader's cgroup is the machine's alone. */
static const char *own_cgroup(struct machine_processes *p)
{
	uint32_t leader = p->machine->leader.pid;
	CLEANUP_FREE char *path = NULL;

	if (p->knows_cgroup || !p->cgroups)
		return p->cgroup;
	p->knows_cgroup = true;
	path = cgroup_read_path(p->cgroups, leader);
	/* The root cgroup is nobody's. One above the caller's cgroup namespace can't be reached. */
	if (!path || strcmp(path, "/") == 0 || strcmp(path, p->cgroups->root) == 0 ||
	    strstr(path, "/.."))
		return NULL;
	if (p->machine->class == MACHINE_CONTAINER && !has_namespace_of_its_own(leader))
		return NULL;
	if (is_own_cgroup(p, path))
		p->cgroup = arena_strdup(p->arena, path);
	return p->cgroup;
}

bool machine_processes_has(struct machine_processes *p, uint32_t pid)
{
	enum process_relation relation = machine_processes_relation(p, pid);
	CLEANUP_FREE char *path = NULL;

	if (relation != PROCESS_OF_HOST || !own_cgroup(p))
		return relation == PROCESS_OWN;
	path = cgroup_read_path(p->cgroups, pid);
	return path && cgroup_path_is_within(path, p->cgroup) &&
	       may_be_own_by_cgroup(p, p->cgroup, pid);
}

struct list {
	struct machine_processes *of;
	struct arena *arena;
	struct process *items;
	size_t count;
};

static void add_process(struct list *list, uint32_t pid)
{
	struct process process = { .pid = pid };

	list->items = arena_grow(list->arena, list->items, list->count, sizeof process);
	list->items[list->count++] = process;
}

/* The leader and its descendants, without those of machines below it. */
static void add_descendants(struct list *list)
{
	size_t next = list->count;

	add_process(list, list->of->machine->leader.pid);
	for (; next < list->count; next++) {
		uint32_t *children;
		size_t n = processes_read_children(list->arena, list->items[next].pid, &children);

		for (size_t i = 0; i < n; i++)
			if (machine_processes_relation(list->of, children[i]) == PROCESS_OWN)
				add_process(list, children[i]);
	}
}

/* Look at all processes of the host. 0 or a negative errno. */
static int add_by_walk(struct list *list)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct ancestry former = list->of->ancestry;
	struct process *processes;
	long count = processes_read(&arena, &processes);

	if (count < 0)
		return (int) count;
	list->of->ancestry = (struct ancestry){ processes, (size_t) count, { 0 } };
	for (long i = 0; i < count; i++)
		if (machine_processes_relation(list->of, processes[i].pid) == PROCESS_OWN)
			add_process(list, processes[i].pid);
	ancestry_done(&list->of->ancestry);
	list->of->ancestry = former;
	return 0;
}

/* 0 or a negative errno. */
static int add_related(struct list *list)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct machine_processes *p = list->of;
	uint32_t *pids;
	long count;

	if (access("/proc/thread-self/children", F_OK) < 0)
		return add_by_walk(list);
	count = p->inode ? namespace_processes_read(&arena, p->namespace, &pids) : -EPERM;
	if (count == -EPERM)
		add_descendants(list);
	else if (count < 0)
		return add_by_walk(list);
	for (long i = 0; i < count; i++)
		if (pids[i] && machine_processes_relation(p, pids[i]) == PROCESS_OWN)
			add_process(list, pids[i]);
	return 0;
}

/* Those that are the machine's only by its cgroup. */
static void add_by_cgroup(struct list *list)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct machine_processes *p = list->of;
	uint32_t *pids;
	long count = 0;

	if (own_cgroup(p))
		count = cgroup_processes_read(
			&arena, arena_printf(&arena, "%s%s", p->cgroups->mount, p->cgroup), &pids);
	for (long i = 0; i < count; i++)
		if (machine_processes_relation(p, pids[i]) == PROCESS_OF_HOST &&
		    may_be_own_by_cgroup(p, p->cgroup, pids[i]))
			add_process(list, pids[i]);
}

static long list_processes(struct machine_processes *p, struct arena *arena, struct process **items)
{
	struct list list = { .of = p, .arena = arena };
	int r = add_related(&list);

	if (r < 0)
		return r;
	add_by_cgroup(&list);
	*items = list.items;
	return processes_complete(list.items, list.count);
}

/* Callers may add to it. */
static struct process *copy_list(struct arena *arena, const struct process *items, size_t count)
{
	struct process *copy = NULL;

	for (size_t i = 0; i < count; i++) {
		copy = arena_grow(arena, copy, i, sizeof *copy);
		copy[i] = items[i];
	}
	return copy;
}

long machine_processes_list(struct machine_processes *p, struct arena *arena,
			    struct process **items)
{
	if (!p->keeps_list)
		return list_processes(p, arena, items);
	if (!p->list) {
		p->count = list_processes(p, p->arena, &p->list);
		if (p->count < 0)
			return p->count;
	}
	*items = copy_list(arena, p->list, (size_t) p->count);
	return p->count;
}
