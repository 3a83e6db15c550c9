/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines read-only and set-limit */
#include "base/boolean.h"
#include "base/quote.h"
#include "base/size.h"
#include "tools/images/image_change.h"
#include "tools/verbs/command_line.h"

#include <stdlib.h>
#include <string.h>

static int mark_image(const struct command_line *line, void *settings, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	bool read_only = true;
	struct image image;

	(void) settings;
	if (line->n_names > 1 && boolean_parse(line->names[1], &read_only) < 0)
		return usage_failure(f, "read-only: '%s' is neither yes nor no",
				     quote(line->names[1], quoted));
	if (image_find(line->arena, line->names[0], &image, f) < 0 ||
	    image_set_read_only(&image, read_only, f) < 0)
		return -1;
	return EXIT_SUCCESS;
}

/* A number of bytes, or none: "-". 0 or a negative errno. */
static int parse_limit(const char *text, uint64_t *bytes)
{
	if (strcmp(text, "-") != 0 && strcmp(text, "infinity") != 0)
		return size_parse(text, bytes);
	*bytes = IMAGE_UNKNOWN;
	return 0;
}

static int set_limit(const struct command_line *line, void *settings, struct failure *f)
{
	const char *size = line->names[line->n_names - 1];
	char quoted[QUOTED_SIZE];
	struct image image;
	uint64_t bytes;

	(void) settings;
	if (parse_limit(size, &bytes) < 0)
		return usage_failure(
			f, "set-limit: '%s' is neither a number of bytes, such as 10G, nor -",
			quote(size, quoted));
	if (line->n_names == 1)
		return image_pool_set_limit(bytes, f) < 0 ? -1 : EXIT_SUCCESS;
	if (image_find(line->arena, line->names[0], &image, f) < 0 ||
	    image_set_limit(&image, bytes, f) < 0)
		return -1;
	return EXIT_SUCCESS;
}

const struct verb read_only_verb = {
	.name = "read-only",
	.synopsis = "NAME [BOOL]",
	.summary = "Mark an image read-only or, with no, writable",
	.description = "Mark an image read-only or, with no, writable. No machine may run from it.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { 1,
		      2,
		      NULL,
		      "takes the name of an image, and yes or no",
		      { COMPLETE_IMAGE, "yes no" } },
	.run = mark_image,
};

const struct verb set_limit_verb = {
	.name = "set-limit",
	.synopsis = "[NAME] BYTES",
	.summary = "Limit the size of an image, or of all",
	.description = "Limit how many bytes an image may take or, without a name, all of "
		       "/var/lib/machines: 10G, for example, or - for no limit. This needs btrfs "
		       "with quotas, which the administrator has to switch on.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { 1,
		      2,
		      "takes a number of bytes",
		      "takes the name of an image and a number",
		      { COMPLETE_IMAGE } },
	.run = set_limit,
};
