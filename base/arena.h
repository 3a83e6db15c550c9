/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for one operation, which is freed all at once. If memory runs out, the
 * program ends. That is safe, because an operation publishes nothing before it is
 * complete. Programs use it; plug-ins and libraries never do.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena {
	struct arena_block *last;
};

/* Call `report` before the program ends for lack of memory. It must not allocate. */
void arena_on_exhaustion(void (*report)(void));

/* Returns zeroed memory, aligned for any type, and never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

void *arena_copy(struct arena *arena, const void *bytes, size_t size);

char *arena_strdup(struct arena *arena, const char *text);

char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/*
 * The array `items` with room for one more item after `count`: array_grow() in an arena. Make the whole array by
 * this, item by item: how much room there is follows from `count` alone.
 */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size);

/* Report that memory is used up, and end the program. */
void arena_out_of_memory(void) __attribute__((noreturn));

void arena_done(struct arena *arena);
