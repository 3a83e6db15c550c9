/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/firmware.h"

#include "base/cleanup.h"
#include "base/input.h"
#include "base/json_value.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct description {
	const char *path;
	size_t rank; /* of its directory */
};

static const char *name_of(const struct description *d)
{
	return strrchr(d->path, '/') + 1;
}

static int compare_descriptions(const void *a, const void *b)
{
	const struct description *x = a, *y = b;
	int names = strcmp(name_of(x), name_of(y));

	return names ?: (x->rank > y->rank) - (x->rank < y->rank);
}

/* In the order in which they count. Of those with the same name, only the first one counts. */
static size_t list_descriptions(struct arena *arena, const char *const *directories,
				struct description **list)
{
	struct description *found = NULL;
	size_t count = 0;

	for (size_t rank = 0; directories[rank]; rank++) {
		glob_t paths = { 0 };

		glob(arena_printf(arena, "%s/*.json", directories[rank]), 0, NULL, &paths);
		for (size_t i = 0; i < paths.gl_pathc; i++) {
			found = arena_grow(arena, found, count, sizeof *found);
			found[count++] =
				(struct description){ arena_strdup(arena, paths.gl_pathv[i]),
						      rank };
		}
		globfree(&paths);
	}
	if (count)
		qsort(found, count, sizeof *found, compare_descriptions);
	*list = found;
	return count;
}

/* Whether an array of strings has this one. */
static bool has_word(json_object *array, const char *word)
{
	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		const char *item = json_string(json_object_array_get_idx(array, i));

		if (item && strcmp(item, word) == 0)
			return true;
	}
	return false;
}

/* Its patterns of machines are such as "pc-q35-*". */
static bool has_machine(json_object *patterns, const char *machine)
{
	for (size_t i = 0; patterns && i < json_object_array_length(patterns); i++) {
		const char *pattern = json_string(json_object_array_get_idx(patterns, i));

		if (pattern && strncmp(pattern, machine, strlen(machine)) == 0)
			return true;
	}
	return false;
}

static bool has_target(json_object *targets, const char *processor, const char *machine)
{
	for (size_t i = 0; targets && i < json_object_array_length(targets); i++) {
		json_object *target = json_object_array_get_idx(targets, i);
		const char *architecture = json_member_string(target, "architecture");

		if (architecture && strcmp(architecture, processor) == 0 &&
		    has_machine(json_member(target, "machines", json_type_array), machine))
			return true;
	}
	return false;
}

/* The file of a flash memory, if it is there, and its format. */
static bool read_flash(struct arena *arena, json_object *flash, const char **path,
		       const char **format)
{
	*path = json_member_text(arena, flash, "filename");
	*format = json_member_text(arena, flash, "format");
	return **path == '/' && access(*path, R_OK) == 0 &&
	       (strcmp(*format, "raw") == 0 || strcmp(*format, "qcow2") == 0);
}

static bool read_mapping(struct arena *arena, json_object *mapping, struct firmware *firmware)
{
	const char *device = json_member_string(mapping, "device");
	const char *mode = json_member_string(mapping, "mode");

	return device && strcmp(device, "flash") == 0 && (!mode || strcmp(mode, "split") == 0) &&
	       read_flash(arena, json_member(mapping, "executable", json_type_object),
			  &firmware->code, &firmware->code_format) &&
	       read_flash(arena, json_member(mapping, "nvram-template", json_type_object),
			  &firmware->variables, &firmware->variables_format);
}

static bool read_description(struct arena *arena, const char *path, const char *processor,
			     const char *machine, struct firmware *firmware)
{
	CLEANUP(json_value_done) json_object *root = NULL;
	const char *why;
	char *text;
	size_t size;

	if (input_read_file(arena, path, &text, &size) < 0)
		return false;
	root = json_parse(text, size, &why);
	return has_word(json_member(root, "interface-types", json_type_array), "uefi") &&
	       !has_word(json_member(root, "features", json_type_array), "requires-smm") &&
	       has_target(json_member(root, "targets", json_type_array), processor, machine) &&
	       read_mapping(arena, json_member(root, "mapping", json_type_object), firmware);
}

bool firmware_find(struct arena *arena, const char *const *directories, const char *processor,
		   const char *machine, struct firmware *firmware)
{
	struct description *list;
	size_t count = list_descriptions(arena, directories, &list);

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(name_of(&list[i]), name_of(&list[i - 1])) == 0)
			continue;
		if (read_description(arena, list[i].path, processor, machine, firmware))
			return true;
	}
	return false;
}
