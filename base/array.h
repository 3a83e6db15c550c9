/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that grow by one item at a time. */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * The array of `count` items with room for one more. It is reallocated to twice
 * its size at 0, 8, 16, 32, ... items. NULL if there is no memory; the old array
 * stays valid.
 */
static inline void *array_grow(void *items, size_t count, size_t item_size)
{
	if (count != 0 && (count < 8 || count & (count - 1)))
		return items;
	return reallocarray(items, count ? count * 2 : 8, item_size);
}

/* Copies of strings, in the order in which they were added. */
struct string_list {
	char **items;
	size_t count;
};

/* Add a copy of the text. 0 or -ENOMEM. */
static inline int string_list_add(struct string_list *list, const char *text)
{
	char **items = array_grow(list->items, list->count, sizeof *items), *copy = strdup(text);

	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return -ENOMEM;
	}
	items[list->count++] = copy;
	return 0;
}

static inline void string_list_done(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){ 0 };
}
