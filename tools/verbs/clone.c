/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines clone and rename */
#include "tools/images/image_change.h"
#include "tools/images/image_clone.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"

#include <stdlib.h>

struct clone_settings {
	bool is_read_only;
};

static int clone_image(const struct command_line *line, void *data, struct failure *f)
{
	const struct clone_settings *settings = data;
	struct notices notices = { 0 };
	struct image image;
	int r;

	if (image_find(line->arena, line->names[0], &image, f) < 0)
		return -1;
	r = image_clone(&image, line->names[1], settings->is_read_only, &notices, f);
	report_notices(&notices, true);
	return r < 0 ? -1 : EXIT_SUCCESS;
}

static int rename_image(const struct command_line *line, void *settings, struct failure *f)
{
	struct image image;

	(void) settings;
	if (image_find(line->arena, line->names[0], &image, f) < 0 ||
	    image_rename(&image, line->names[1], f) < 0)
		return -1;
	return EXIT_SUCCESS;
}

static const struct verb_option clone_options[] = {
	{ "read-only", SETS(struct clone_settings, is_read_only, set_true),
	  .help = "Mark the clone read-only" },
	{ 0 },
};

#define TAKES "takes the name of an image and a new name"

const struct verb clone_verb = {
	.name = "clone",
	.synopsis = "[OPTION...] NAME NEWNAME",
	.list_entry = "NAME NEWNAME",
	.summary = "Copy an image",
	.description = "Copy an image in the cheapest way that its file system supports: as a "
		       "snapshot, with shared blocks, or as a copy without its holes. Its settings "
		       "are copied, too. Image .host is this host itself.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { 2, 2, TAKES, TAKES, { COMPLETE_IMAGE, "" } },
	.options = clone_options,
	.settings_size = sizeof(struct clone_settings),
	.run = clone_image,
};

const struct verb rename_verb = {
	.name = "rename",
	.synopsis = "NAME NEWNAME",
	.summary = "Give an image another name",
	.description = "Give an image another name, and its settings and hashes, too. No machine "
		       "may run from it.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { 2, 2, TAKES, TAKES, { COMPLETE_IMAGE, "" } },
	.run = rename_image,
};
