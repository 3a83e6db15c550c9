/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processes of one machine. These are
 * - all in the pid namespace whose init is the leader, and in pid namespaces inside it;
 * - if the leader isn't the init of a pid namespace, the leader and its descendants;
 * - all in the leader's cgroup and the cgroups below, if no other process is in there: none of a service, none
 *   that was there before the leader, unless the cgroup was made for the machine, and not the caller.
 * A process below the leader of another machine belongs to that machine. The third rule does
 * not apply to a container without any namespace of its own.
 */
#pragma once

#include "base/arena.h"
#include "host/cgroup.h"
#include "registry/snapshot.h"
#include "tools/processes/nearest_leader.h"

struct machine_processes {
	struct snapshot *snapshot;
	struct arena *arena;
	const struct machine *machine;
	const struct cgroup_hierarchy *cgroups; /* or NULL */
	struct ancestry ancestry;
	struct line_memory from_cgroup; /* which processes are from that of the leader */
	uint32_t *leader_line;		/* the leader's ancestors, in the arena */
	size_t n_leader_line;
	int namespace; /* the leader's pid namespace, if it is the init of one: open, so that its inode isn't reused */
	ino_t inode; /* of that, or 0 */
	const char *
		cgroup; /* the path of the leader's cgroup, if that is the machine's alone, or NULL */
	bool knows_cgroup; /* whether that was found out */
	bool keeps_list;   /* set by a caller to whom processes that come meanwhile don't matter */
	struct process *list; /* of machine_processes_list(), if it is kept; in the arena */
	long count;
};

/* A process's relation to the machine, without regard to cgroups. */
enum process_relation { PROCESS_OWN, PROCESS_OF_OTHER_MACHINE, PROCESS_OF_HOST };

/* Begin. The snapshot, machine and hierarchy must outlive it. 0, or a negative errno: -ESRCH if the leader has died. */
int machine_processes_open(struct machine_processes *processes, struct snapshot *snapshot,
			   const struct cgroup_hierarchy *cgroups, struct arena *arena,
			   const struct machine *machine);
void machine_processes_close(struct machine_processes *processes);

enum process_relation machine_processes_relation(struct machine_processes *processes, uint32_t pid);

/* Whether the process is in the pid namespace whose init the leader is, or in one inside it. */
bool machine_processes_in_namespace(const struct machine_processes *processes, uint32_t pid);

/* Whether the leader descends from the process. */
bool machine_processes_are_below(struct machine_processes *processes, uint32_t pid);

/* Whether the process is the machine's. */
bool machine_processes_has(struct machine_processes *processes, uint32_t pid);

/*
 * All of them, by ascending pid, in the arena. Costs what the machine's processes cost, if the
 * caller is root and the kernel has children(5) of proc; else one walk of /proc. A list that is
 * kept costs nothing the next time. Returns how many, or a negative errno.
 */
long machine_processes_list(struct machine_processes *processes, struct arena *arena,
			    struct process **list);

/* Whether the cgroup path is this cgroup, or below it. */
bool cgroup_path_is_within(const char *path, const char *cgroup);
