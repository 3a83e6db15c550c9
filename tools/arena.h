/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for one run of a verb, freed at once. Where there is none, the
 * program says so and ends: nothing is half done, as nothing is published
 * before all of it is known.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena {
	struct arena_block *last;
};

/* Zeroed, aligned for anything, never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

void *arena_copy(struct arena *arena, const void *bytes, size_t size);

char *arena_strdup(struct arena *arena, const char *text);

char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* `items` with room for one more after `count`; array_grow() in an arena. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

/* Say it, and end the program. */
void arena_out_of_memory(void) __attribute__((noreturn));

void arena_done(struct arena *arena);
