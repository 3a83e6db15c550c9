/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may have a name: the rules by which a machine enters the registry. A
 * leader leads one machine, a name or alias belongs to one machine; what a
 * dead leader's machine held is free. Part of the writing half.
 */
#pragma once

#include "registry/writer.h"

/* What a registration ran into, and whose it is. */
struct register_conflict {
	enum { CONFLICT_NAME, CONFLICT_ALIAS, CONFLICT_LEADER } what;
	char claimed[MACHINE_NAME_SIZE]; /* name or alias; for a leader the machine's name */
	char holder[MACHINE_NAME_SIZE];	 /* the machine that has it */
	uint32_t pid;			 /* its leader */
	char service[MACHINE_WORD_MAX + 1];
};

/*
 * The record that registering `name` with this live leader would update: the
 * one of the same name and leader. It points into the snapshot, of a
 * writer's copy until that changes. 0, -ENOENT, or another negative errno.
 */
int register_find_former(struct snapshot *snapshot, const char *name,
			 const struct machine_leader *leader, struct machine *former);

/*
 * Whether the machine could be put into this registry as it is: 0, or as
 * register_machine(), below. One that doesn't run yet has a leader of pid 0.
 */
int register_judge(struct snapshot *snapshot, const struct machine *machine, bool replace,
		   struct register_conflict *conflict);

/*
 * Put the machine into the registry. The same name and leader again: its
 * record is replaced, its sequence and times are kept and come back in
 * `machine`. Otherwise it is a new machine, registered now. 0; -EEXIST with
 * what is in the way, and nothing changed; or an error of writer_put().
 * `replace` throws out a live machine that has the name or the leader, but
 * never takes an alias away from another one.
 */
int register_machine(struct writer *writer, struct machine *machine, bool replace,
		     struct register_conflict *conflict);
