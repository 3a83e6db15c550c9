/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/containers_storage.h"

#include "tools/input.h"
#include "tools/json.h"

#include <string.h>

/* Without the last component of a path, or NULL if that isn't it. */
static char *without(struct arena *arena, const char *path, const char *last)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && strcmp(slash + 1, last) == 0
		       ? arena_printf(arena, "%.*s", (int) (slash - path), path)
		       : NULL;
}

static const char *first_name(json_object *container, const char *id)
{
	json_object *its_id, *names;
	const char *text;

	if (!json_object_object_get_ex(container, "id", &its_id) || !(text = json_string(its_id)) ||
	    strcmp(text, id) != 0 || !json_object_object_get_ex(container, "names", &names) ||
	    !json_object_is_type(names, json_type_array))
		return NULL;
	return json_string(json_object_array_get_idx(names, 0));
}

static const char *find_in(struct arena *arena, const char *path, const char *id)
{
	json_object *containers;
	const char *name = NULL, *why;
	size_t size;
	char *text;

	if (input_read_file(arena, path, &text, &size) < 0)
		return NULL;
	containers = json_parse(text, size, &why);
	if (json_object_is_type(containers, json_type_array))
		for (size_t i = 0; i < json_object_array_length(containers) && !name; i++)
			name = first_name(json_object_array_get_idx(containers, i), id);
	if (name)
		name = arena_strdup(arena, name);
	json_object_put(containers);
	return name;
}

const char *containers_storage_name(struct arena *arena, const char *bundle, const char *id)
{
	/* STORAGE/DRIVER-containers/ID/userdata */
	const char *storage = without(arena, without(arena, bundle, "userdata"), id), *name;

	if (!storage)
		return NULL;
	name = find_in(arena, arena_printf(arena, "%s/containers.json", storage), id);
	/* Those that are to go when they stop, since containers-storage 1.45. */
	return name ? name
		    : find_in(arena, arena_printf(arena, "%s/volatile-containers.json", storage),
			      id);
}
