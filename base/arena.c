/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include "base/cleanup.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (64 * 1024)

struct arena_block {
	struct arena_block *previous;
	size_t used;
	size_t size;
	max_align_t bytes[];
};

static void (*report_exhaustion)(void);

void arena_on_exhaustion(void (*report)(void))
{
	report_exhaustion = report;
}

void arena_out_of_memory(void)
{
	if (report_exhaustion)
		report_exhaustion();
	exit(EXIT_FAILURE);
}

/* Memory that isn't zeroed: clearing whole blocks would cost more than most verbs do with them. */
static void *take_memory(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->last;
	void *found;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (!block || size > block->size - block->used) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = malloc(sizeof *block + room);
		if (!block)
			arena_out_of_memory();
		*block = (struct arena_block){ .previous = arena->last, .size = room };
		arena->last = block;
	}
	found = (uint8_t *) block->bytes + block->used;
	block->used += size;
	return found;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(take_memory(arena, size), 0, size);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = take_memory(arena, size);

	return size ? memcpy(copy, bytes, size) : copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	CLEANUP_FREE char *text = NULL;
	int length = vasprintf(&text, format, arguments);

	if (length < 0) {
		text = NULL;
		arena_out_of_memory();
	}
	return arena_copy(arena, text, (size_t) length + 1);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t item_size)
{
	void *larger;

	if (count != 0 && (count < 8 || count & (count - 1)))
		return items;
	larger = arena_alloc(arena, (count ? count * 2 : 8) * item_size);
	return count ? memcpy(larger, items, count * item_size) : larger;
}

void arena_done(struct arena *arena)
{
	while (arena->last) {
		struct arena_block *previous = arena->last->previous;

		free(arena->last);
		arena->last = previous;
	}
}
