/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/name_candidates.h"

#include "registry/name.h"

#include <stdbool.h>
#include <string.h>

/* RFC 1035, section 2.3.4 */
#define LABEL_MAX 63

static bool is_in(const struct name_candidates *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->items[i], name) == 0)
			return true;
	return false;
}

void name_candidates_add_given(struct name_candidates *c, const char *name)
{
	if (name && c->count < NAME_CANDIDATES_MAX && !is_in(c, name))
		c->items[c->count++] = name;
}

void name_candidates_add(struct name_candidates *c, const char *name)
{
	if (name && machine_name_judge(name, NULL) == NAME_OK)
		name_candidates_add_given(c, name);
}

char *name_make_label(struct arena *arena, const char *text)
{
	char *label = arena_alloc(arena, strlen(text) + 1), *to = label;

	for (; *text && to - label < LABEL_MAX; text++) {
		char byte = *text == '.' ? '-' : *text;

		/* No dash at the start, and no two of them. */
		if (is_name_byte(byte) && (byte != '-' || (to > label && to[-1] != '-')))
			*to++ = byte;
	}
	while (to > label && to[-1] == '-')
		to--;
	*to = '\0';
	return label;
}

void name_candidates_make(struct name_candidates *c, struct arena *arena, const char *prefix,
			  const char *name)
{
	const char *label = name_make_label(arena, name);

	if (!*label)
		return;
	name_candidates_add(c, label);
	name_candidates_add(c, name_make_label(arena, arena_printf(arena, "%s-%s", prefix, label)));
}
