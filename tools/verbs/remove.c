/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines remove and clean */
#include "base/format.h"
#include "tools/images/image_remove.h"
#include "tools/messages/message.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/named_images.h"
#include "tools/verbs/option_values.h"

#include <stdio.h>
#include <stdlib.h>

static int remove_image(struct arena *arena, const struct image *image, void *data,
			struct failure *f)
{
	(void) arena;
	(void) data;
	return image_remove(image, f);
}

static int remove_images(const struct command_line *line, void *settings, struct failure *f)
{
	(void) settings;
	(void) f;
	return act_on_named_images(line, remove_image, NULL);
}

struct clean_settings {
	bool all;
};

struct cleaned {
	struct arena *arena;
	size_t count;
	uint64_t freed;
};

static void print_removed(void *data, const char *name, uint64_t usage)
{
	struct cleaned *cleaned = data;
	char text[CAPACITY_TEXT_SIZE];

	cleaned->count++;
	printf("Removed image '%s'.", arena_escape(cleaned->arena, name));
	if (usage != IMAGE_UNKNOWN) {
		cleaned->freed += usage;
		printf(" Freed exclusive disk space: %s", capacity_format(usage, text));
	}
	putchar('\n');
}

static int clean_images(const struct command_line *line, void *data, struct failure *f)
{
	const struct clean_settings *settings = data;
	struct cleaned cleaned = { .arena = line->arena };
	struct notices notices = { 0 };
	char text[CAPACITY_TEXT_SIZE];
	int r = image_clean(settings->all, print_removed, &cleaned, &notices, f);

	if (r == 0 || cleaned.count > 0)
		printf("Removed %zu image%s in total. Total freed exclusive disk space: %s.\n",
		       cleaned.count, cleaned.count == 1 && !is_machinectl() ? "" : "s",
		       capacity_format(cleaned.freed, text));
	report_notices(&notices, true);
	return r < 0 ? -1 : EXIT_SUCCESS;
}

static const struct verb_option clean_options[] = {
	{ "all", 'a', SETS(struct clean_settings, all, set_true),
	  .help = "Remove all images, not only hidden ones" },
	{ 0 },
};

const struct verb remove_verb = {
	.name = "remove",
	.synopsis = "NAME...",
	.summary = "Remove images",
	.description = "Remove images, with their settings and hashes. No machine may run from "
		       "them. If an image is a symbolic link, only the link is removed.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },
	.run = remove_images,
};

const struct verb clean_verb = {
	.name = "clean",
	.synopsis = "[OPTION...]",
	.list_entry = "",
	.summary = "Remove hidden and incomplete images",
	.description = "Remove hidden images, whose names begin with a dot, and incomplete images "
		       "of interrupted verbs, from /var/lib/machines. Images in use stay.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { .max = 0, .too_many = "takes no names; see 'mymachines remove'" },
	.options = clean_options,
	.settings_size = sizeof(struct clean_settings),
	.run = clean_images,
};
