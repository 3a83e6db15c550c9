/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of images, and looking for these. */
#include "tools/bus/bus_images.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/bus/bus.h"
#include "tools/images/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CLEANUP_ARENA CLEANUP(arena_done)

int bus_image_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		   void **found, sd_bus_error *error)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	CLEANUP_FREE char *name = NULL;
	struct failure failure;
	struct image image;
	int r = sd_bus_path_decode(path, BUS_IMAGE_PATH, &name);

	(void) bus, (void) interface, (void) error;
	if (r <= 0)
		return r;
	*found = userdata;
	return image_find(&arena, name, &image, &failure) == 0;
}

/* The path of an image's object: the caller's to free. NULL if memory is out. */
static char *image_path(const char *name)
{
	char *path = NULL;

	return sd_bus_path_encode(BUS_IMAGE_PATH, name, &path) < 0 ? NULL : path;
}

int bus_image_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***nodes,
			sd_bus_error *error)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	struct failure failure;
	struct image *images;
	size_t count;
	char **paths;

	(void) bus, (void) prefix, (void) userdata;
	if (image_list(&arena, &images, &count, &failure) < 0)
		return bus_fail(error, &failure);
	paths = calloc(count + 1, sizeof *paths);
	for (size_t i = 0; paths && i < count; i++) {
		paths[i] = image_path(images[i].name);
		if (paths[i])
			continue;
		while (i > 0)
			free(paths[--i]);
		free(paths);
		paths = NULL;
	}
	*nodes = paths;
	return paths ? 0 : -ENOMEM;
}

BUS_HANDLER(bus_get_image)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	CLEANUP_FREE char *path = NULL;
	struct failure failure;
	struct image image;
	const char *name;
	int r = sd_bus_message_read(call, "s", &name);

	(void) userdata;
	if (r < 0)
		return r;
	if (image_find(&arena, name, &image, &failure) < 0)
		return bus_fail_image(error, name, &failure);
	path = image_path(name);
	return path ? sd_bus_reply_method_return(call, "o", path) : -ENOMEM;
}

static int append_image(sd_bus_message *reply, const struct image *image)
{
	CLEANUP_FREE char *path = image_path(image->name);

	if (!path)
		return -ENOMEM;
	return sd_bus_message_append(reply, "(ssbttto)", image->name, image_kind_name(image->kind),
				     image->is_read_only, image->created, image->modified,
				     image->usage, path);
}

BUS_HANDLER(bus_list_images)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	sd_bus_message *reply = NULL;
	struct failure failure;
	struct image *images;
	size_t count;
	int r;

	(void) userdata;
	if (image_list(&arena, &images, &count, &failure) < 0)
		return bus_fail(error, &failure);
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssbttto)");
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = append_image(reply, &images[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int append_number(sd_bus_message *reply, const struct image *image, const char *property)
{
	uint64_t value = strcmp(property, "CreationTimestamp") == 0	  ? image->created
			 : strcmp(property, "ModificationTimestamp") == 0 ? image->modified
			 : strcmp(property, "Usage") == 0		  ? image->usage
			 : strcmp(property, "Limit") == 0		  ? image->limit
			 : strcmp(property, "UsageExclusive") == 0	  ? image->usage_exclusive
									  : image->limit_exclusive;

	return sd_bus_message_append(reply, "t", value);
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	CLEANUP_FREE char *name = NULL;
	struct failure failure;
	struct image image;
	int r = sd_bus_path_decode(path, BUS_IMAGE_PATH, &name);

	(void) bus, (void) interface, (void) userdata;
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	if (image_find(&arena, name, &image, &failure) < 0)
		return bus_fail_image(error, name, &failure);
	if (strcmp(property, "Name") == 0)
		return sd_bus_message_append(reply, "s", image.name);
	if (strcmp(property, "Path") == 0)
		return sd_bus_message_append(reply, "s", image.path);
	if (strcmp(property, "Type") == 0)
		return sd_bus_message_append(reply, "s", image_kind_name(image.kind));
	if (strcmp(property, "ReadOnly") == 0)
		return sd_bus_message_append(reply, "b", image.is_read_only);
	return append_number(reply, &image, property);
}

#define METHOD(name, in, in_names, out, out_names, handler)                                        \
	SD_BUS_METHOD_WITH_NAMES(name, in, in_names, out, out_names, handler,                      \
				 SD_BUS_VTABLE_UNPRIVILEGED)
#define PROPERTY(name, type) SD_BUS_PROPERTY(name, type, get_property, 0, 0)
#define NO_NAMES	     ""

const sd_bus_vtable bus_image_vtable[] = {
	SD_BUS_VTABLE_START(0),
	PROPERTY("Name", "s"),
	PROPERTY("Path", "s"),
	PROPERTY("Type", "s"),
	PROPERTY("ReadOnly", "b"),
	PROPERTY("CreationTimestamp", "t"),
	PROPERTY("ModificationTimestamp", "t"),
	PROPERTY("Usage", "t"),
	PROPERTY("Limit", "t"),
	PROPERTY("UsageExclusive", "t"),
	PROPERTY("LimitExclusive", "t"),
	METHOD("Remove", NULL, NO_NAMES, NULL, NO_NAMES, bus_remove_image),
	METHOD("Rename", "s", SD_BUS_PARAM(new_name), NULL, NO_NAMES, bus_rename_image),
	METHOD("Clone", "sb", SD_BUS_PARAM(new_name) SD_BUS_PARAM(read_only), NULL, NO_NAMES,
	       bus_clone_image),
	METHOD("MarkReadOnly", "b", SD_BUS_PARAM(read_only), NULL, NO_NAMES, bus_mark_image),
	METHOD("SetLimit", "t", SD_BUS_PARAM(limit), NULL, NO_NAMES, bus_limit_image),
	METHOD("GetHostname", NULL, NO_NAMES, "s", SD_BUS_PARAM(hostname), bus_get_image_hostname),
	METHOD("GetMachineID", NULL, NO_NAMES, "ay", SD_BUS_PARAM(machine_id),
	       bus_get_image_machine_id),
	METHOD("GetMachineInfo", NULL, NO_NAMES, "a{ss}", SD_BUS_PARAM(machine_info),
	       bus_get_image_machine_info),
	METHOD("GetOSRelease", NULL, NO_NAMES, "a{ss}", SD_BUS_PARAM(os_release),
	       bus_get_image_os_release),
	SD_BUS_VTABLE_END,
};
