/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that grow by one item at a time. Part of the writing half. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/*
 * The array of `count` items with room for one more: reallocated, to twice the
 * size, at 0, 8, 16, 32, ... items. NULL if memory is out; the old one stays.
 */
static inline void *array_grow(void *items, size_t count, size_t item_size)
{
	if (count != 0 && (count < 8 || count & (count - 1)))
		return items;
	return reallocarray(items, count ? count * 2 : 8, item_size);
}
