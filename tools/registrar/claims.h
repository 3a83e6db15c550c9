/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Claims on names and leaders: the rules by which a machine enters the
 * registry. A leader leads one machine, and a name or alias belongs to one
 * machine. Claims of a machine whose leader has died are free. Names that a
 * runtime's hook has given yield to those that a person gives. A map that grows
 * later claims no id that another machine has.
 */
#pragma once

#include "base/arena.h"
#include "base/notices.h"
#include "registry/writer.h"

/* A machine as a caller knows it. Its record may have gone, or be another machine's, meanwhile. */
struct machine_identity {
	const char *name;
	struct machine_leader leader;
};

enum claim_kind {
	CLAIM_NAME,
	CLAIM_ALIAS,
	CLAIM_LEADER,
};

/* The claim that another machine already has, and that machine. */
struct claim_conflict {
	enum claim_kind kind;
	char claimed
		[MACHINE_NAME_SIZE];	/* the name or alias; for a leader the new machine's name */
	char holder[MACHINE_NAME_SIZE]; /* the other machine */
	uint32_t pid;			/* its leader */
	char service[MACHINE_WORD_MAX + 1];
};

/*
 * Find the record of the machine with this name, which may be an alias's, and
 * this leader: registering or refreshing it updates that record. It points
 * into the snapshot. 0, -ENOENT, or another negative errno.
 */
int find_same_registration(struct snapshot *snapshot, const char *name,
			   const struct machine_leader *leader, struct machine *found)
	__attribute__((nonnull, warn_unused_result));

/* The same in a writer's change. The machine is good until the next change. */
int find_same_registration_in_change(struct writer *writer, const char *name,
				     const struct machine_leader *leader, struct machine *found)
	__attribute__((nonnull, warn_unused_result));

/* The machine that this leader leads, whatever its name is, in a snapshot, or in a writer's change. As above. */
int find_led_machine(struct snapshot *snapshot, const struct machine_leader *leader,
		     struct machine *found) __attribute__((nonnull, warn_unused_result));
int find_led_machine_in_change(struct writer *writer, const struct machine_leader *leader,
			       struct machine *found) __attribute__((nonnull, warn_unused_result));

/*
 * Check whether the machine could be put into this registry. A machine that
 * doesn't run yet has a leader of pid 0. 0; -EEXIST and a conflict; or another
 * negative errno.
 */
int claims_check(struct snapshot *snapshot, const struct machine *machine, bool replace,
		 struct claim_conflict *conflict) __attribute__((nonnull, warn_unused_result));

/*
 * Put the machine into the registry. If it is registered already, with the
 * same name and leader, its record is replaced; sequence and times are kept
 * and written to `machine`. Otherwise it is a new machine, registered now.
 * `replace` removes a live machine that has the name or the leader, but never
 * takes an alias from another machine. A hooked machine that has to yield takes
 * its next name, or loses the alias, which is a warning. 0; -EEXIST and a
 * conflict, and nothing has changed; or an error of writer_put().
 */
int register_machine(struct writer *writer, struct machine *machine, bool replace,
		     struct notices *notices, struct claim_conflict *conflict)
	__attribute__((nonnull(1, 2, 5), warn_unused_result));

/*
 * The same for a machine that a hook registers: where a name isn't free, it takes the next one that
 * is, and goes without an alias; both are warnings. `machine` gets the name, in the arena.
 */
int register_hooked_machine(struct writer *writer, struct arena *arena, struct machine *machine,
			    struct notices *notices, struct claim_conflict *conflict)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));

/*
 * Take all ids that another machine has in the snapshot out of the machine's
 * map. The new map is in the arena. 0 or a negative errno.
 */
int claims_limit_ids(struct snapshot *snapshot, struct arena *arena, struct machine *machine,
		     enum id_kind kind) __attribute__((nonnull, warn_unused_result));

/* Words for a conflict, without a subject. Returns -1. */
int claim_failure(struct failure *failure, const struct claim_conflict *conflict)
	__attribute__((nonnull));
