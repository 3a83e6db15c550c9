/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines list-images */
#include "base/array_size.h"
#include "base/format.h"
#include "base/table.h"
#include "tools/describe/image_json.h"
#include "tools/describe/json.h"
#include "tools/images/image.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/importctl.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/option_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list_images_settings {
	bool all;
	bool legend;
	enum json_mode json;
};

static const char *time_cell(struct arena *arena, uint64_t time)
{
	char text[TIME_TEXT_SIZE];

	return time ? arena_strdup(arena, time_format(time, text)) : NULL;
}

static const char *usage_cell(struct arena *arena, uint64_t bytes)
{
	char text[CAPACITY_TEXT_SIZE];

	return bytes != IMAGE_UNKNOWN ? arena_strdup(arena, capacity_format(bytes, text)) : NULL;
}

static void add_row(struct table *table, struct arena *arena, const struct image *image)
{
	table_add(table, arena_escape(arena, image->name));
	table_add(table, image_kind_name(image->kind));
	table_add(table, image->is_read_only ? "yes" : "no");
	table_add(table, usage_cell(arena, image->usage));
	table_add(table, time_cell(arena, image->created));
	table_add(table, time_cell(arena, image->modified));
}

/* importctl(1) has other columns than machinectl(1), which are ours. */
static void add_importctl_row(struct table *table, struct arena *arena, const struct image *image)
{
	table_add(table, "machine");
	table_add(table, arena_escape(arena, image->name));
	table_add(table, image_kind_name(image->kind));
	table_add(table, arena_escape(arena, image->path));
	table_add(table, image->is_read_only ? "ro" : "rw");
	table_add(table, time_cell(arena, image->created));
	table_add(table, time_cell(arena, image->modified));
	table_add(table, usage_cell(arena, image->usage));
	table_add(table, usage_cell(arena, image->limit));
}

static void init_table(struct table *table, struct arena *arena)
{
	static const char *const header[] = {
		"NAME", "TYPE", "RO", "USAGE", "CREATED", "MODIFIED"
	};
	static const char *const importctl_header[] = { "CLASS",  "NAME",  "TYPE",  "PATH", "RO",
							"CRTIME", "MTIME", "USAGE", "LIMIT" };

	if (is_importctl())
		table_init(table, arena, importctl_header, ARRAY_SIZE(importctl_header));
	else
		table_init(table, arena, header, ARRAY_SIZE(header));
}

static void print_table(struct arena *arena, const struct image *images, size_t count, bool legend)
{
	bool is_link = is_machinectl() || is_importctl();
	struct table table;

	init_table(&table, arena);
	for (size_t i = 0; i < count; i++)
		(is_importctl() ? add_importctl_row : add_row)(&table, arena, &images[i]);
	if (count > 0)
		table_print(stdout, &table, legend);
	if (!legend)
		return;
	if (count > 0)
		printf("\n%zu image%s listed.\n", count, count == 1 && !is_link ? "" : "s");
	else
		puts("No images.");
}

static json_object *number_or_null(uint64_t value, uint64_t unknown)
{
	return value != unknown ? json_object_new_uint64(value) : NULL;
}

/* The JSON of importctl(1) is its table. */
static json_object *json_from_importctl_row(const struct image *image)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "class", json_object_new_string("machine"));
	json_object_object_add(row, "name", json_object_new_string(image->name));
	json_object_object_add(row, "type", json_object_new_string(image_kind_name(image->kind)));
	json_object_object_add(row, "path", json_object_new_string(image->path));
	json_object_object_add(row, "ro", json_object_new_boolean(image->is_read_only));
	json_object_object_add(row, "crtime", number_or_null(image->created, 0));
	json_object_object_add(row, "mtime", number_or_null(image->modified, 0));
	json_object_object_add(row, "usage", number_or_null(image->usage, IMAGE_UNKNOWN));
	json_object_object_add(row, "limit", number_or_null(image->limit, IMAGE_UNKNOWN));
	return row;
}

/* That of machinectl(1), too. */
static json_object *json_from_row(const struct image *image)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "name", json_object_new_string(image->name));
	json_object_object_add(row, "type", json_object_new_string(image_kind_name(image->kind)));
	json_object_object_add(row, "ro", json_object_new_boolean(image->is_read_only));
	json_object_object_add(row, "usage", number_or_null(image->usage, IMAGE_UNKNOWN));
	json_object_object_add(row, "created", number_or_null(image->created, 0));
	json_object_object_add(row, "modified", number_or_null(image->modified, 0));
	return row;
}

static void print_json(const struct image *images, size_t count, enum json_mode mode)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, is_machinectl()  ? json_from_row(&images[i])
					     : is_importctl() ? json_from_importctl_row(&images[i])
							      : json_from_image(&images[i]));
	json_print(stdout, array, mode);
}

/* Those that are shown, in place. Returns how many. */
static size_t choose(struct image *images, size_t count, bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (all || !images[i].is_hidden)
			images[n++] = images[i];
	return n;
}

static int list_images(const struct command_line *line, void *data, struct failure *f)
{
	const struct list_images_settings *settings = data;
	struct image *images;
	size_t count;

	if (image_list(line->arena, &images, &count, f) < 0)
		return -1;
	count = choose(images, count, settings->all);
	if (settings->json)
		print_json(images, count, settings->json);
	else
		print_table(line->arena, images, count, settings->legend);
	return EXIT_SUCCESS;
}

static const struct verb_option options[] = {
	{ "all", 'a', SETS(struct list_images_settings, all, set_true),
	  .help = "Show hidden images and this host itself, too" },
	{ "no-legend", SETS(struct list_images_settings, legend, set_false),
	  .help = "Print no header and no footer" },
	{ "json", .argument = "MODE", SETS(struct list_images_settings, json, set_json_mode),
	  .help = "Print JSON: short, pretty, or off", .values = COMPLETE_JSON },
	{ "output", 'o', "MODE", SETS(struct list_images_settings, json, set_output_mode),
	  .help = "json or json-pretty: print JSON", .values = "json json-pretty",
	  .machinectl_only = true },
	{ 0 },
};

const struct verb list_images_verb = {
	.name = "list-images",
	.synopsis = "[OPTION...]",
	.list_entry = "",
	.summary = "List images of machines",
	.description = "List the images of machines on this host, in /var/lib/machines and the "
		       "other directories of systemd. An image whose name begins with a dot is "
		       "hidden.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.is_importctl = true,
	.has_pager = true,
	.operands = { .max = 0, .too_many = "takes no names; see 'mymachines show-image'" },
	.options = options,
	.settings_size = sizeof(struct list_images_settings),
	.defaults = &(const struct list_images_settings){ .legend = true },
	.run = list_images,
};
