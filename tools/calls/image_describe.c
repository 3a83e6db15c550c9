/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/image_describe.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "tools/calls/os_release_text.h"
#include "tools/describe/image_json.h"
#include "tools/images/image_remove.h"

#include <string.h>

/* A file that can't be read is as if it weren't there: the other facts, and other images, are told. */
static size_t read_file(int root, const char *const *paths, char *text, size_t size)
{
	struct failure ignored;
	ssize_t n = image_root_read(root, paths, text, size, &ignored);

	return n > 0 ? (size_t) n : 0;
}

static void add_line(json_object *to, const char *key, int root, const char *const *paths)
{
	char text[WORK_TEXT_SIZE];

	text[read_file(root, paths, text, sizeof text - 1)] = '\0';
	if (*image_hostname(text))
		json_object_object_add(to, key, json_object_new_string(text));
}

static void add_assignments(json_object *to, const char *key, int root, const char *const *paths)
{
	char text[WORK_TEXT_SIZE];
	size_t n = read_file(root, paths, text, sizeof text);

	if (n > 0)
		json_object_object_add(to, key, os_release_to_json(text, n));
}

static void add_machine_id(json_object *to, int root)
{
	static const char *const paths[] = { "/etc/machine-id", NULL };
	char text[64] = "";
	uint8_t id[16];

	text[read_file(root, paths, text, sizeof text - 1)] = '\0';
	/* machine-id(5): 32 digits, and nothing of a kind behind them. */
	if (hex_decode(text, id, sizeof id) && hex_digit(text[32]) < 0)
		json_object_object_add(to, "machineId", json_object_new_string_len(text, 32));
}

static int add_metadata(json_object *to, const struct image *image, struct failure *f)
{
	static const char *const hostname[] = { "/etc/hostname", NULL };
	static const char *const info[] = { "/etc/machine-info", NULL };
	static const char *const release[] = { "/etc/os-release", "/usr/lib/os-release", NULL };
	CLEANUP_CLOSE int root = image_root_open(image, f);

	if (root < 0)
		return -1;
	add_line(to, "hostname", root, hostname);
	add_machine_id(to, root);
	add_assignments(to, "machineInfo", root, info);
	add_assignments(to, "OSRelease", root, release);
	return 0;
}

static void write_object(FILE *file, json_object *object)
{
	fputs(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN), file);
	fputc('\0', file);
	json_object_put(object);
}

static int write_image(FILE *file, const struct image *image, enum image_metadata metadata,
		       struct failure *f)
{
	json_object *object = json_from_image(image);

	json_object_object_add(object, "class", json_object_new_string("machine"));
	if (metadata != IMAGE_METADATA_NO && add_metadata(object, image, f) < 0 &&
	    metadata == IMAGE_METADATA_YES) {
		json_object_put(object);
		return -1;
	}
	write_object(file, object);
	return 0;
}

int image_describe_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_describe_work *work = argument;
	struct arena arena = { 0 };
	struct image one, *images = &one;
	FILE *file = work_result_begin(result, f);
	size_t count = 1;

	if (!file || (work->image.name ? image_work_find(&work->image, &arena, &one, f)
				       : image_list(&arena, &images, &count, f)) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (write_image(file, &images[i], work->metadata, f) < 0)
			return -1;
	return work_result_end(file, f);
}

static void note_removed(void *data, const char *name, uint64_t usage)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(name));
	if (usage != IMAGE_UNKNOWN)
		json_object_object_add(object, "usageExclusive", json_object_new_uint64(usage));
	write_object(data, object);
}

int image_clean_describe_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_describe_work *work = argument;
	FILE *file = work_result_begin(result, f);

	if (!file || image_clean(work->image.all, note_removed, file, NULL, f) < 0)
		return -1;
	return work_result_end(file, f);
}
