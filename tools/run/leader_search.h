/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Searches the process tree of a command, which makes a machine, for the process
 * that leads the machine: one with namespaces of its own.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The namespaces of a process, by their inodes: namespaces(7). */
struct namespaces {
	ino_t user, mnt, net, pid;
};

struct leader_search {
	uint32_t command;
	struct namespaces own; /* the searching process's */
	/* A process that has namespaces of its own, but isn't the init of a pid namespace. */
	uint32_t candidate;
	struct namespaces seen; /* it has these */
	int64_t since;		/* since this time */
};

enum leader_search_result {
	LEADER_FOUND,
	LEADER_NOT_SEEN,    /* no process has namespaces of its own */
	LEADER_WITHOUT_IDS, /* a process has, but its user namespace has no id map yet */
	LEADER_NOT_SETTLED, /* a process has, but the launcher may not have made all of them */
};

void leader_search_init(struct leader_search *search, uint32_t command);

/*
 * Look once, at this time in milliseconds. The leader is the first process that
 * is the init of a pid namespace. If there is none, and none is about to be made,
 * it is the first process with another user, mount or network namespace than the
 * caller's, if its namespaces haven't changed for a while.
 */
enum leader_search_result leader_search_look(struct leader_search *search, int64_t now,
					     uint32_t *leader);
