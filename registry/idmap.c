/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/idmap.h"

#include "base/number.h"
#include "registry/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool ranges_overlap(uint32_t a, uint32_t b, uint32_t a_count, uint32_t b_count)
{
	return a <= b ? b - a < a_count : a - b < b_count;
}

static bool extents_overlap(const struct idmap_extent *a, const struct idmap_extent *b)
{
	return ranges_overlap(a->inner, b->inner, a->count, b->count) ||
	       ranges_overlap(a->outer, b->outer, a->count, b->count);
}

int idmap_extent_check(const struct idmap_extent *extent)
{
	if (extent->count == 0)
		return -EINVAL;
	if (extent->count - 1 > UINT32_MAX - extent->inner ||
	    extent->count - 1 > UINT32_MAX - extent->outer)
		return -ERANGE;
	return 0;
}

int idmap_check(const struct idmap *map)
{
	if (map->count > IDMAP_EXTENTS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < map->count; i++) {
		int r = idmap_extent_check(&map->extents[i]);

		if (r < 0)
			return r;
		for (size_t j = 0; j < i; j++)
			if (extents_overlap(&map->extents[i], &map->extents[j]))
				return -EEXIST;
	}
	return 0;
}

bool idmap_is_identity(const struct idmap *map)
{
	return map->count == 1 && map->extents[0].inner == 0 && map->extents[0].outer == 0 &&
	       map->extents[0].count == UINT32_MAX;
}

/* 65534 is nobody, 65535 and 4294967295 are the "no id" of 16 and 32 bits: chown(2). */
static bool is_nobody(uint32_t id)
{
	return id == 65534 || id == 65535 || id == UINT32_MAX;
}

bool idmap_pair_has_name(uint32_t inner, uint32_t outer)
{
	return outer >= IDMAP_HOST_MIN && outer != UINT32_MAX && !is_nobody(inner);
}

int idmap_to_outer(const struct idmap *map, uint32_t inner, uint32_t *outer)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct idmap_extent *e = &map->extents[i];

		if (inner >= e->inner && inner - e->inner < e->count) {
			*outer = e->outer + (inner - e->inner);
			return 0;
		}
	}
	return -ENOENT;
}

int idmap_to_inner(const struct idmap *map, uint32_t outer, uint32_t *inner)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct idmap_extent *e = &map->extents[i];

		if (outer >= e->outer && outer - e->outer < e->count) {
			*inner = e->inner + (outer - e->outer);
			return 0;
		}
	}
	return -ENOENT;
}

bool idmap_equal(const struct idmap *a, const struct idmap *b)
{
	return a->count == b->count &&
	       (a->count == 0 ||
		memcmp(a->extents, b->extents, a->count * sizeof *a->extents) == 0);
}

static uint32_t last_inner(const struct idmap_extent *e)
{
	return e->inner + (e->count - 1);
}

static bool intersect_extents(const struct idmap_extent *a, const struct idmap_extent *b,
			      struct idmap_extent *both)
{
	uint32_t first = a->inner > b->inner ? a->inner : b->inner;
	uint32_t last = last_inner(a) < last_inner(b) ? last_inner(a) : last_inner(b);

	/* The same pairs of ids: both are as far apart, modulo 2^32. */
	if (a->outer - a->inner != b->outer - b->inner || first > last)
		return false;
	*both = (struct idmap_extent){ first, a->outer + (first - a->inner), last - first + 1 };
	return true;
}

size_t idmap_intersect(const struct idmap *a, const struct idmap *b, struct idmap_extent *extents,
		       size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count && count < size; j++)
			count += intersect_extents(&a->extents[i], &b->extents[j], &extents[count]);
	return count;
}

int idmap_extent_parse(const char *text, struct idmap_extent *extent)
{
	uint32_t numbers[3];

	for (int i = 0; i < 3; i++) {
		size_t length = strcspn(text, ":");
		char number[11];

		if (length >= sizeof number || (text[length] == ':') != (i < 2))
			return -EINVAL;
		memcpy(number, text, length);
		number[length] = '\0';
		if (id_parse(number, &numbers[i]) < 0)
			return -EINVAL;
		text += length + 1;
	}
	*extent = (struct idmap_extent){ numbers[0], numbers[1], numbers[2] };
	return 0;
}

int idmap_parse(const char *text, struct idmap_extent *extents, size_t size)
{
	size_t count = 0;

	while (*text) {
		unsigned int inner, outer, ids;
		int end = 0;

		if (sscanf(text, "%u %u %u%n", &inner, &outer, &ids, &end) != 3 ||
		    (text[end] != '\n' && text[end] != '\0'))
			return -EINVAL;
		if (count == size)
			return -E2BIG;
		extents[count++] = (struct idmap_extent){ inner, outer, ids };
		text += end + (text[end] == '\n');
	}
	return (int) count;
}
