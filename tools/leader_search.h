/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding the process that leads the machine which a command makes: by looking
 * at the command's process tree until a process has namespaces of its own.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Of a process, by their inodes: namespaces(7). */
struct namespaces {
	ino_t user, mnt, net, pid;
};

struct leader_search {
	uint32_t command;
	struct namespaces own;
	/* Without a pid namespace of its own; what it is in, and since when that is so. */
	uint32_t candidate;
	struct namespaces seen;
	uint64_t since;
};

enum leader_search_result {
	LEADER_FOUND,
	LEADER_NOT_SEEN,    /* no process has namespaces of its own */
	LEADER_WITHOUT_IDS, /* one has, but its user namespace has no id map yet */
	LEADER_NOT_SETTLED, /* one has, but maybe not all that it will have */
};

void leader_search_init(struct leader_search *search, uint32_t command);

/*
 * Look once, at a time in milliseconds. The leader is the first process that is
 * the init of a pid namespace; where there is none and none is about to be
 * made, the first one with another user, mount or network namespace than the
 * caller's, if these have been the same for a while.
 */
enum leader_search_result leader_search_look(struct leader_search *search, uint64_t now,
					     uint32_t *leader);
