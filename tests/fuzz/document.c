/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts of admins, runtimes and machines: what is put in is found again, taken out it leaves the
 * text as it was, and twice is no more than once.
 */
#include "base/json_text.h"
#include "base/json_value.h"
#include "host/os_release.h"
#include "tests/fuzz/fuzz.h"
#include "tools/hooks/domain.h"
#include "tools/setup/marked_block.h"
#include "tools/setup/nsswitch.h"

#include <stdlib.h>
#include <string.h>

static void equal(const char *a, const char *b)
{
	if (strcmp(a, b) != 0)
		abort();
}

static void nsswitch(struct arena *arena, const char *text)
{
	/* Of a last line that was cut off, the first time makes a line, and the second sees it. */
	char *with = nsswitch_add(arena, nsswitch_add(arena, text));
	char *without = nsswitch_remove(arena, with);

	equal(nsswitch_add(arena, with), with);
	equal(nsswitch_remove(arena, without), without);
}

static void block(struct arena *arena, const char *text)
{
	char *with = marked_block_put(arena, text, "line\n");
	char *without = marked_block_remove(arena, with);
	size_t length = strlen(text);

	equal(marked_block_put(arena, with, "line\n"), with);
	if (!without)
		without = arena_strdup(arena, "");
	/* It had one already, or gets this as its only one. */
	if (!strstr(text, "mymachines setup") && length && text[length - 1] == '\n')
		equal(without, text);
}

static void json(struct arena *arena, const char *text)
{
	struct json_span root, found;
	const char *why;
	char *with;
	int count;

	json_object_put(json_parse(text, strlen(text), &why));
	if (why)
		return;
	root = json_text_root(text);
	if (*root.begin == '[') {
		struct json_span item = { 0 };

		while ((item = json_text_next(root, item)).begin)
			if (item.begin >= item.end || item.end > root.end)
				abort();
	}
	if (*root.begin != '{')
		return;
	json_text_member(root, "zz", &count);
	if (count)
		return;
	with = json_text_append(arena, text, root, 1, "\"zz\": [7]");
	json_object_put(json_parse(with, strlen(with), &why));
	found = json_text_member(json_text_root(with), "zz", &count);
	if (why || count != 1 || strncmp(found.begin, "[7]", 3) != 0)
		abort();
	/* Of an object that was empty, its blanks may go. */
	if (strcspn(root.begin + 1, "\"") < (size_t) (root.end - root.begin - 1))
		equal(json_text_remove(arena, with, found), text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct domain domain;
	char *text = arena_alloc(&arena, size + 1);
	const char *why;

	memcpy(text, data, size);
	domain_parse(&arena, text, size, &domain, &why);
	nsswitch(&arena, text);
	block(&arena, text);
	json(&arena, text);
	os_release_parse(text);
	arena_done(&arena);
	return 0;
}
