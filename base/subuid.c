/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/subuid.h"

#include "base/cleanup.h"
#include "base/input.h"
#include "base/lines.h"

#include <stdbool.h>
#include <stdio.h>

/* Of the file: some 30,000 users. A larger one is as none. */
#define SUBUID_SIZE_MAX (1024 * 1024)

/* A line is NAME:FIRST:COUNT. */
struct range {
	const char *name;
	unsigned long long first, count;
};

static bool parse_range(char *line, struct range *range)
{
	char *colon = strchr(line, ':');

	if (!colon || sscanf(colon + 1, "%llu:%llu", &range->first, &range->count) != 2)
		return false;
	*colon = '\0';
	range->name = line;
	return true;
}

/* Returns how many. */
static size_t parse_ranges(struct arena *arena, char *text, struct range **ranges)
{
	size_t count = 0;

	*ranges = NULL;
	for (char *line, *rest = text; (line = line_next(&rest));) {
		*ranges = arena_grow(arena, *ranges, count, sizeof **ranges);
		count += parse_range(line, &(*ranges)[count]);
	}
	return count;
}

/* Containers of root's have these, and a range may be large enough for other users' ids. */
static bool is_of_root(const struct range *range)
{
	return strcmp(range->name, "root") == 0 || strcmp(range->name, "0") == 0;
}

uid_t subuid_owner(const char *path, uid_t uid)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct range *ranges;
	const char *name = NULL;
	char *text;
	size_t size, count;

	if (uid == 0)
		return 0;
	if (input_read_file_up_to(&arena, path, SUBUID_SIZE_MAX, &text, &size) < 0)
		return uid;
	count = parse_ranges(&arena, text, &ranges);
	for (size_t i = 0; i < count && !name; i++)
		if (!is_of_root(&ranges[i]) && uid >= ranges[i].first &&
		    uid - ranges[i].first < ranges[i].count)
			name = ranges[i].name;
	for (size_t i = 0; i < count && name; i++)
		if (strcmp(ranges[i].name, name) == 0 && ranges[i].first != 0)
			return (uid_t) ranges[i].first;
	return uid;
}
