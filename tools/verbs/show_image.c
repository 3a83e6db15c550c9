/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines show-image */
#include "base/format.h"
#include "tools/describe/image_json.h"
#include "tools/describe/json.h"
#include "tools/verbs/named_images.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/pool_properties.h"
#include "tools/verbs/property_filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct show_image_settings {
	struct property_filter filter;
	bool has_printed;
	enum json_mode json;
};

static void print_time(const struct property_filter *filter, const char *name, uint64_t time)
{
	char text[TIME_TEXT_SIZE];

	property_print(filter, name, time ? time_format(time, text) : "");
}

static void print_number(const struct property_filter *filter, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	property_print(filter, name, text);
}

/* As machinectl(1) prints it. */
static void print_limit(const struct property_filter *filter, const char *name, uint64_t value)
{
	if (value == IMAGE_UNKNOWN)
		property_print(filter, name, "infinity");
	else
		print_number(filter, name, value);
}

static int show_image(struct arena *arena, const struct image *image, void *data, struct failure *f)
{
	struct show_image_settings *settings = data;
	const struct property_filter *filter = &settings->filter;

	(void) f;
	if (settings->json) {
		json_print(stdout, json_from_image(image), settings->json);
		return 0;
	}
	if (settings->has_printed)
		putchar('\n');
	settings->has_printed = true;
	property_print(filter, "Name", arena_escape(arena, image->name));
	property_print(filter, "Path", arena_escape(arena, image->path));
	property_print(filter, "Type", image_kind_name(image->kind));
	property_print(filter, "ReadOnly", image->is_read_only ? "yes" : "no");
	print_time(filter, "CreationTimestamp", image->created);
	print_time(filter, "ModificationTimestamp", image->modified);
	print_number(filter, "Usage", image->usage);
	print_limit(filter, "Limit", image->limit);
	print_number(filter, "UsageExclusive", image->usage_exclusive);
	print_limit(filter, "LimitExclusive", image->limit_exclusive);
	return 0;
}

static int show_images(const struct command_line *line, void *data, struct failure *f)
{
	const struct show_image_settings *settings = data;

	if (settings->json &&
	    property_filter_check_json(&settings->filter, "show-image", "images", f) < 0)
		return -1;
	if (line->n_names == 0 && settings->json)
		return usage_failure(f, "show-image: --json wants the name of an image");
	if (line->n_names == 0) {
		pool_properties_print(&settings->filter);
		return EXIT_SUCCESS;
	}
	return act_on_named_images(line, show_image, data);
}

static const struct verb_option options[] = {
	{ "property", 'p', "NAME", offsetof(struct show_image_settings, filter),
	  property_filter_add, .help = "Show only this property, or several with commas between" },
	{ "value", SETS(struct show_image_settings, filter.value_only, set_true),
	  .help = "Show only the values" },
	{ "all", 'a', SETS(struct show_image_settings, filter.all, set_true),
	  .help = "Show empty properties, too" },
	{ "json", .argument = "MODE", SETS(struct show_image_settings, json, set_json_mode),
	  .help = "Print an object for each image: short, pretty, or off",
	  .values = COMPLETE_JSON },
	{ 0 },
};

const struct verb show_image_verb = {
	.name = "show-image",
	.synopsis = "[OPTION...] [NAME...]",
	.list_entry = "[NAME...]",
	.summary = "Show all facts about images",
	.description = "Show all facts about images or, without a name, about their directory, for "
		       "programs.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.has_pager = true,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },
	.options = options,
	.settings_size = sizeof(struct show_image_settings),
	.run = show_images,
};
