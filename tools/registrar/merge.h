/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what was given, what was observed and the former record to the new
 * record. Pure: it asks nobody, and changes nothing but its arena.
 */
#pragma once

#include "tools/registrar/observation.h"
#include "tools/registrar/registration.h"

struct merge_sources {
	const char *name;
	const struct registration *given; /* NULL: what was given before stays */
	const struct observation *observation;
	const struct machine *former; /* NULL: the machine is new */
	/* The machine is starting, and whoever starts it asks: its ids may still change. */
	bool is_starting;
};

/*
 * Merge them into a record, which borrows from all of them. Its sequence and
 * times are not set.
 */
struct machine merge_machine(struct arena *arena, const struct merge_sources *sources)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether the merged record has ids that the former one lacked, and that weren't given. Ids that
 * another machine has are to be taken out of these.
 */
bool merge_has_new_ids(const struct merge_sources *sources, const struct machine *merged,
		       enum id_kind kind) __attribute__((nonnull));

/* A machine's given interfaces, in the arena. */
const struct machine_interface *given_interfaces(struct arena *arena, const struct machine *machine,
						 size_t *count) __attribute__((nonnull));
