/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/describe/image_json.h"

static void add_number(json_object *object, const char *key, uint64_t value, uint64_t unknown)
{
	if (value != unknown)
		json_object_object_add(object, key, json_object_new_uint64(value));
}

json_object *json_from_image(const struct image *image)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(image->name));
	json_object_object_add(object, "path", json_object_new_string(image->path));
	json_object_object_add(object, "type",
			       json_object_new_string(image_kind_name(image->kind)));
	json_object_object_add(object, "readOnly", json_object_new_boolean(image->is_read_only));
	add_number(object, "creationTimestamp", image->created, 0);
	add_number(object, "modificationTimestamp", image->modified, 0);
	add_number(object, "usage", image->usage, IMAGE_UNKNOWN);
	add_number(object, "usageExclusive", image->usage_exclusive, IMAGE_UNKNOWN);
	add_number(object, "limit", image->limit, IMAGE_UNKNOWN);
	add_number(object, "limitExclusive", image->limit_exclusive, IMAGE_UNKNOWN);
	return object;
}
