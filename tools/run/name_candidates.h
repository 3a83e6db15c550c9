/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that a machine could have, the best first. A runtime's name for a
 * machine may be invalid, or another machine's already; neither may keep
 * the machine from being registered. Pure but for memory.
 */
#pragma once

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

#define NAME_CANDIDATES_MAX 12

struct name_candidates {
	const char *items[NAME_CANDIDATES_MAX];
	size_t count;
};

/* Add a name that root has given, valid or not. It may have dots. NULL is none. */
void name_candidates_add_given(struct name_candidates *candidates, const char *name)
	__attribute__((nonnull(1)));

/* Add a runtime's name, if it is valid. NULL is none. */
void name_candidates_add(struct name_candidates *candidates, const char *name)
	__attribute__((nonnull(1)));

/*
 * Add names that are made from a runtime's: with only the bytes that a name may
 * have, as libvirt makes them, "Windows10" of "Windows 10"; and then, of "101",
 * PREFIX-101.
 */
void name_candidates_make(struct name_candidates *candidates, struct arena *arena,
			  const char *prefix, const char *name) __attribute__((nonnull));

/* Returns the longest valid label that is left of a text without other bytes, or "". */
char *name_make_label(struct arena *arena, const char *text) __attribute__((nonnull));
