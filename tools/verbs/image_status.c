/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines image-status */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/number.h"
#include "host/file_reader.h"
#include "host/os_release.h"
#include "tools/images/image_pool.h"
#include "tools/verbs/named_images.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE 16384

static void print_fact(const char *name, const char *value)
{
	if (value && *value)
		printf("\t%8s: %s\n", name, value);
}

static void print_time(const char *name, uint64_t time)
{
	char text[TIME_TEXT_SIZE], ago[AGO_TEXT_SIZE];

	if (time)
		printf("\t%8s: %s; %s\n", name, time_format(time, text),
		       ago_format(time, (uint64_t) clock_microseconds(CLOCK_REALTIME), ago));
}

static void print_size(const char *name, uint64_t bytes, uint64_t exclusive)
{
	char text[CAPACITY_TEXT_SIZE], own[CAPACITY_TEXT_SIZE];

	if (bytes == IMAGE_UNKNOWN)
		return;
	printf("\t%8s: %s", name, capacity_format(bytes, text));
	if (exclusive != bytes && exclusive != IMAGE_UNKNOWN)
		printf(" (exclusive: %s)", capacity_format(exclusive, own));
	putchar('\n');
}

/* machine-id(5) has 32 digits in a line. */
static void print_machine_id(int root)
{
	char text[64];
	uint8_t id[16];

	if (file_reader_read(root, "/etc/machine-id", text, sizeof text, FILE_READER_WAIT) > 0 &&
	    hex_decode(text, id, sizeof id) && (text[32] == '\n' || !text[32]))
		printf("      Machine ID: %.32s\n", text);
}

/* Files of an image are a stranger's: a link there leads nowhere but into the image. */
static void print_system(struct arena *arena, const struct image *image)
{
	CLEANUP_CLOSE int root = -1;
	char *text = arena_alloc(arena, FILE_SIZE);

	if (image->kind != IMAGE_DIRECTORY && image->kind != IMAGE_SUBVOLUME)
		return;
	root = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	if (file_reader_read(root, "/etc/hostname", text, FILE_SIZE, FILE_READER_WAIT) > 0) {
		text[strcspn(text, "\n")] = '\0';
		print_fact("Hostname", arena_escape(arena, text));
	}
	print_machine_id(root);
	if (file_reader_read(root, "/etc/os-release", text, FILE_SIZE, FILE_READER_WAIT) > 0 ||
	    file_reader_read(root, "/usr/lib/os-release", text, FILE_SIZE, FILE_READER_WAIT) > 0)
		print_fact("OS", arena_escape(arena, os_release_parse(text).pretty_name));
}

static int print_status(struct arena *arena, const struct image *image, void *data,
			struct failure *f)
{
	bool *has_printed = data;

	(void) f;
	printf("%s%s\n", *has_printed ? "\n" : "", arena_escape(arena, image->name));
	*has_printed = true;
	print_fact("Type", image_kind_name(image->kind));
	print_fact("Path", arena_escape(arena, image->path));
	print_system(arena, image);
	print_fact("RO", image->is_read_only ? "read-only" : "writable");
	print_time("Created", image->created);
	print_time("Modified", image->modified);
	print_size("Usage", image->usage, image->usage_exclusive);
	print_size("Limit", image->limit, image->limit_exclusive);
	return 0;
}

static int show_image_status(const struct command_line *line, void *settings, struct failure *f)
{
	bool has_printed = false;
	uint64_t usage, limit;

	(void) settings;
	(void) f;
	if (line->n_names == 0) {
		image_pool_read_quota(&usage, &limit);
		print_fact("Path", IMAGE_POOL);
		print_size("Usage", usage, IMAGE_UNKNOWN);
		print_size("Limit", limit, IMAGE_UNKNOWN);
		return EXIT_SUCCESS;
	}
	return act_on_named_images(line, print_status, &has_printed);
}

const struct verb image_status_verb = {
	.name = "image-status",
	.synopsis = "[NAME...]",
	.summary = "Show images, for people",
	.description = "Show all facts about images, and the host name, machine id and system in "
		       "directories. Without a name, show the directory of images.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.has_pager = true,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },
	.run = show_image_status,
};
