/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for results: the caller's buffer and nothing else. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
	char *at;
	size_t left;
};

/* `size` bytes, aligned for pointers and integers, or NULL. */
static inline void *buffer_take(struct buffer *b, size_t size)
{
	size_t padding = -(uintptr_t) b->at & (_Alignof(max_align_t) - 1);
	void *taken;

	if (padding > b->left || size > b->left - padding)
		return NULL;
	taken = b->at + padding;
	b->at += padding + size;
	b->left -= padding + size;
	return taken;
}

/* A copy of the string, or NULL. */
static inline char *buffer_string(struct buffer *b, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = b->at;

	if (size > b->left)
		return NULL;
	memcpy(copy, string, size);
	b->at += size;
	b->left -= size;
	return copy;
}
