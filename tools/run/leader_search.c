/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/leader_search.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/process_status.h"
#include "tools/processes/pid_namespace.h"
#include "tools/processes/processes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* At most so many processes are looked at. Those of a launcher are few. */
#define PROCESSES_MAX 4096

/*
 * After so many milliseconds with the same namespaces, a process is taken to make no
 * more of them: sooner if it sleeps, later if it is at work, as launchers are.
 */
#define SETTLED_ASLEEP	100
#define SETTLED_AT_WORK 1000

/* Of a process, 0 for the caller. 0 or a negative errno: -ENOENT for a pid namespace without a process. */
static int read_inode(uint32_t pid, const char *namespace, ino_t *inode)
{
	char path[PROC_PATH_SIZE];
	struct stat st;

	if (pid)
		snprintf(path, sizeof path, "/proc/%u/ns/%s", pid, namespace);
	else
		snprintf(path, sizeof path, "/proc/self/ns/%s", namespace);
	if (stat(path, &st) < 0)
		return -errno;
	*inode = st.st_ino;
	return 0;
}

static int read_namespaces(uint32_t pid, struct namespaces *ns)
{
	int r = read_inode(pid, "user", &ns->user);

	if (r == 0)
		r = read_inode(pid, "mnt", &ns->mnt);
	if (r == 0)
		r = read_inode(pid, "net", &ns->net);
	return r == 0 ? read_inode(pid, "pid", &ns->pid) : r;
}

void leader_search_init(struct leader_search *search, uint32_t command)
{
	*search = (struct leader_search){ .command = command };
	read_namespaces(0, &search->own);
}

static bool namespaces_equal(const struct namespaces *a, const struct namespaces *b)
{
	return a->user == b->user && a->mnt == b->mnt && a->net == b->net && a->pid == b->pid;
}

static bool has_ids(const struct leader_search *search, uint32_t pid, const struct namespaces *ns)
{
	CLEANUP_FREE char *map = NULL;

	if (ns->user == search->own.user)
		return true;
	map = proc_read_text(pid, "uid_map");
	return map && *map;
}

/* Whether its next child will be in another pid namespace: unshare(2), setns(2). */
static bool will_fork_elsewhere(uint32_t pid, const struct namespaces *ns)
{
	struct namespaces still;
	ino_t of_children;
	int r = read_inode(pid, "pid_for_children", &of_children);

	/* No process is in that one yet; or this process has ended, and has none of all. */
	if (r == -ENOENT)
		return read_namespaces(pid, &still) == 0;
	return r == 0 && of_children != ns->pid;
}

/* The result of one look at the whole tree. */
struct look {
	uint32_t init;	/* of a pid namespace */
	uint32_t other; /* the first process with any namespace of its own, and an id map */
	struct namespaces other_ns;
	bool lacks_ids;
	bool will_fork;
};

static void look_at(const struct leader_search *search, uint32_t pid, struct look *look)
{
	struct namespaces ns;

	if (read_namespaces(pid, &ns) < 0)
		return;
	look->will_fork |= will_fork_elsewhere(pid, &ns);
	if (namespaces_equal(&ns, &search->own))
		return;
	if (!has_ids(search, pid, &ns)) {
		look->lacks_ids = true;
	} else if (pid_namespace_is_led_by(pid)) {
		look->init = pid;
	} else if (!look->other) {
		look->other = pid;
		look->other_ns = ns;
	}
}

/* Look at parents before their children. */
static void look_at_tree(const struct leader_search *search, struct arena *arena, struct look *look)
{
	uint32_t *queue = arena_alloc(arena, PROCESSES_MAX * sizeof *queue);
	size_t count = 1;

	queue[0] = search->command;
	for (size_t i = 0; i < count && !look->init; i++) {
		uint32_t *children;
		size_t n = processes_read_children(arena, queue[i], &children);

		look_at(search, queue[i], look);
		for (size_t j = 0; j < n && count < PROCESSES_MAX; j++)
			queue[count++] = children[j];
	}
}

static bool has_settled(const struct leader_search *search, int64_t now)
{
	struct process_status status;

	return now - search->since >= SETTLED_ASLEEP &&
	       process_status_read(search->candidate, &status) == 0 &&
	       (status.state == 'S' || now - search->since >= SETTLED_AT_WORK);
}

enum leader_search_result leader_search_look(struct leader_search *search, int64_t now,
					     uint32_t *leader)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct look look = { 0 };

	look_at_tree(search, &arena, &look);
	if (look.init) {
		*leader = look.init;
		return LEADER_FOUND;
	}
	if (look.other != search->candidate || !namespaces_equal(&look.other_ns, &search->seen)) {
		search->candidate = look.other;
		search->seen = look.other_ns;
		search->since = now;
	}
	if (look.lacks_ids)
		return LEADER_WITHOUT_IDS;
	if (look.other && !look.will_fork && has_settled(search, now)) {
		*leader = look.other;
		return LEADER_FOUND;
	}
	return look.other || look.will_fork ? LEADER_NOT_SETTLED : LEADER_NOT_SEEN;
}
