/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be found out about a machine from its leader: namespaces, cgroup, root, addresses. */
#pragma once

#include "registry/cgroup.h"
#include "registry/process.h"
#include "tools/arena.h"

/* Interfaces and addresses, besides the facts of enum machine_given. */
#define UNREAD_NETWORK (1u << 31)

struct discovery {
	struct machine found;	     /* in the arena */
	enum machine_class class;    /* what it was looked at as */
	enum leader_verdict verdict; /* if not LEADER_OK, nothing is found */
	bool unit_is_shared;	     /* with whoever looked: it isn't in 'found' */
	unsigned int unread;	     /* facts that couldn't be read: who knows what they are */
	struct {
		const char *what;
		int error;
	} misses[5]; /* and why */
	size_t n_misses;
};

/*
 * Look at the leader: who it is, its id maps, unit, root directory, interfaces
 * and addresses; what the kernel doesn't tell is left empty. Of a VM only who
 * it is, its unit, and what the host sees of its network: its emulator's
 * namespaces are the host's business. Whether it is one, `expected` says, and
 * which interfaces were given for it. A fact that can't be read, with all else
 * well, is a miss, and left out. Without `cgroups`, NULL, it has no unit. 0,
 * also with a bad verdict: that and the misses are the caller's to say; or -1
 * with a miss after which nothing can be looked at any more. That there are too
 * many addresses is said, after `subject`.
 */
int discover(struct discovery *discovery, struct arena *arena, const char *subject, int64_t pid,
	     const struct machine *expected, const struct cgroup_hierarchy *cgroups);
