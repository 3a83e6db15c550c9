/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of images, and looking for these. */
#include "tools/bus/bus_images.h"

#include "base/cleanup.h"
#include "tools/bus/bus_job.h"
#include "tools/bus/bus_reply.h"
#include "tools/calls/image_work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEANUP_RECORDS CLEANUP(image_records_done)

static bool may_have_object(const char *name)
{
	return strcmp(name, ".host") == 0 || image_name_is_valid(name);
}

/* Whether there is such an image is for a child to see, when a method or a property is asked for. */
int bus_image_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		   void **found, sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	int r = sd_bus_path_decode(path, BUS_IMAGE_PATH, &name);

	(void) bus, (void) interface, (void) error;
	if (r <= 0)
		return r;
	*found = userdata;
	return may_have_object(name);
}

/* The path of an image's object: the caller's to free. NULL if memory is out. */
static char *image_path(const char *name)
{
	char *path = NULL;

	return sd_bus_path_encode(BUS_IMAGE_PATH, name, &path) < 0 ? NULL : path;
}

static int reply_path(struct bus *bus, sd_bus_message *call, const struct work_result *result,
		      sd_bus_error *error)
{
	CLEANUP_RECORDS struct image_records records = { 0 };
	CLEANUP_FREE char *path = NULL;
	struct image image;
	int r = image_records_read(&records, result);

	(void) bus, (void) error;
	if (r < 0)
		return r;
	if (!image_records_next(&records, &image))
		return -EBADMSG;
	path = image_path(image.name);
	return path ? sd_bus_reply_method_return(call, "o", path) : -ENOMEM;
}

BUS_HANDLER(bus_get_image)
{
	struct image_work work = { 0 };
	int r = sd_bus_message_read(call, "s", &work.name);

	return r < 0 ? r
		     : bus_job_start(userdata, call, image_find_work, &work, reply_path,
				     IMAGE_LOOK_MS, error);
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

static int append_images(sd_bus_message *reply, void *records)
{
	struct image image;
	int r = 0;

	while (r >= 0 && image_records_next(records, &image))
		r = append_image(reply, &image);
	return r;
}

static int reply_images(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			sd_bus_error *error)
{
	CLEANUP_RECORDS struct image_records records = { 0 };
	int r = image_records_read(&records, result);

	(void) bus, (void) error;
	return r < 0 ? r : bus_reply(call, "(ssbttto)", append_images, &records);
}

BUS_HANDLER(bus_list_images)
{
	return bus_job_start(userdata, call, image_list_work, &(struct image_work){ 0 },
			     reply_images, IMAGE_LOOK_MS, error);
}

/* The D-Bus specification's document. A path needs no escapes. */
static void write_nodes(FILE *xml, struct image_records *records)
{
	struct image image;

	fputs("<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
	      "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
	      "<node>\n",
	      xml);
	while (image_records_next(records, &image)) {
		CLEANUP_FREE char *path = image_path(image.name);

		if (path)
			fprintf(xml, " <node name=\"%s\"/>\n", path + strlen(BUS_IMAGE_PATH "/"));
	}
	fputs("</node>\n", xml);
}

static int reply_nodes(struct bus *bus, sd_bus_message *call, const struct work_result *result,
		       sd_bus_error *error)
{
	CLEANUP_RECORDS struct image_records records = { 0 };
	CLEANUP_FREE char *text = NULL;
	size_t size;
	int r = image_records_read(&records, result);
	FILE *xml = r < 0 ? NULL : open_memstream(&text, &size);

	(void) bus, (void) error;
	if (!xml)
		return r < 0 ? r : -errno;
	write_nodes(xml, &records);
	return fclose(xml) == 0 ? sd_bus_reply_method_return(call, "s", text) : -ENOMEM;
}

int bus_image_introspect(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
{
	return bus_job_start(bus, call, image_list_work, &(struct image_work){ 0 }, reply_nodes,
			     IMAGE_LOOK_MS, error);
}

static int pass_on(sd_bus_message *call, sd_bus_message *answer)
{
	const char *xml;
	int r;

	if (sd_bus_message_is_method_error(answer, NULL))
		return sd_bus_reply_method_error(call, sd_bus_message_get_error(answer));
	r = sd_bus_message_read(answer, "s", &xml);
	return r < 0 ? sd_bus_reply_method_errno(call, r, NULL)
		     : sd_bus_reply_method_return(call, "s", xml);
}

static int on_description(sd_bus_message *answer, void *data, sd_bus_error *error)
{
	sd_bus_message *call = data;
	int r = pass_on(call, answer);

	(void) error;
	sd_bus_message_unref(call);
	return r;
}

/* The image is there. sd-bus describes its object, but only in answer to a call. */
static int reply_description(struct bus *bus, sd_bus_message *call,
			     const struct work_result *result, sd_bus_error *error)
{
	const char *own;
	int r = sd_bus_get_unique_name(bus->bus, &own);

	(void) result, (void) error;
	if (r < 0)
		return r;
	sd_bus_message_ref(call);
	r = sd_bus_call_method_async(bus->bus, NULL, own, sd_bus_message_get_path(call),
				     INTROSPECTABLE, "Introspect", on_description, call, NULL);
	if (r < 0)
		sd_bus_message_unref(call);
	return r;
}

static bool is_own_call(const struct bus *bus, sd_bus_message *call)
{
	const char *sender = sd_bus_message_get_sender(call), *name;

	return sender && sd_bus_get_unique_name(bus->bus, &name) >= 0 && strcmp(sender, name) == 0;
}

int bus_image_introspect_object(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	int r = sd_bus_path_decode(sd_bus_message_get_path(call), BUS_IMAGE_PATH, &name);

	if (r <= 0)
		return r;
	if (is_own_call(bus, call) || !may_have_object(name))
		return 0;
	return bus_job_start(bus, call, image_find_work, &(struct image_work){ .name = name },
			     reply_description, IMAGE_LOOK_MS, error);
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

/* Called by bus_properties.c alone, with an image that a child has found. */
static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct image *image = userdata;

	(void) bus, (void) path, (void) interface, (void) error;
	if (strcmp(property, "Name") == 0)
		return sd_bus_message_append(reply, "s", image->name);
	if (strcmp(property, "Path") == 0)
		return sd_bus_message_append(reply, "s", image->path);
	if (strcmp(property, "Type") == 0)
		return sd_bus_message_append(reply, "s", image_kind_name(image->kind));
	if (strcmp(property, "ReadOnly") == 0)
		return sd_bus_message_append(reply, "b", image->is_read_only);
	return append_number(reply, image, property);
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
