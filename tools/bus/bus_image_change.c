/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing images, and reading what is in them: children do it. */
#include "base/cleanup.h"
#include "base/number.h"
#include "tools/bus/bus_images.h"
#include "tools/bus/bus_job.h"
#include "tools/bus/bus_polkit.h"
#include "tools/bus/bus_reply.h"
#include "tools/calls/image_work.h"
#include "tools/calls/os_release_text.h"
#include "tools/images/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MANAGE_IMAGES	"org.freedesktop.machine1.manage-images"
#define MANAGE_MACHINES "org.freedesktop.machine1.manage-machines"

/* The image that a call is about: the Manager's methods name it, others are sent to its object. */
struct image_target {
	const char *name;
	char *from_path; /* or NULL */
};

static void image_target_done(struct image_target *target)
{
	free(target->from_path);
}

#define CLEANUP_TARGET CLEANUP(image_target_done)

static int check_name(const char *name, sd_bus_error *error)
{
	return image_name_is_valid(name) ? 0
					 : sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
							     "Image name '%s' is invalid.", name);
}

/* Of which image the call is. The next arguments are the call's own. */
static int read_target(struct image_target *target, sd_bus_message *call, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(call);
	int r;

	if (strcmp(path, BUS_MANAGER_PATH) != 0) {
		r = sd_bus_path_decode(path, BUS_IMAGE_PATH, &target->from_path);
		target->name = target->from_path;
		return r == 0 ? -ENOENT : r;
	}
	r = sd_bus_message_read(call, "s", &target->name);
	return r < 0 || strcmp(target->name, ".host") == 0 ? r : check_name(target->name, error);
}

static int reply_nothing(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			 sd_bus_error *error)
{
	(void) bus, (void) result, (void) error;
	return sd_bus_reply_method_return(call, NULL);
}

/* How polkit is told of a change. */
static const char *const verbs[] = {
	[IMAGE_CHANGE_REMOVE] = "remove",   [IMAGE_CHANGE_RENAME] = "rename",
	[IMAGE_CHANGE_CLONE] = "clone",	    [IMAGE_CHANGE_MARK] = "mark_read_only",
	[IMAGE_CHANGE_LIMIT] = "set_limit",
};

/* The arguments of a call for this change. */
static int read_change(struct image_work *work, sd_bus_message *call, sd_bus_error *error)
{
	int read_only = 0, r = 0;

	switch (work->change) {
	case IMAGE_CHANGE_REMOVE: break;
	case IMAGE_CHANGE_RENAME: r = sd_bus_message_read(call, "s", &work->new_name); break;
	case IMAGE_CHANGE_CLONE:
		r = sd_bus_message_read(call, "sb", &work->new_name, &read_only);
		break;
	case IMAGE_CHANGE_MARK: r = sd_bus_message_read(call, "b", &read_only); break;
	case IMAGE_CHANGE_LIMIT: r = sd_bus_message_read(call, "t", &work->limit); break;
	}
	work->read_only = read_only;
	return r < 0 || !work->new_name ? r : check_name(work->new_name, error);
}

/* Look for the image, ask whether the caller may change it, and have it done: in this order. */
static int change_image(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
			const struct image_work *work, sd_bus_error *error)
{
	const char *details[] = { "image",
				  work->name,
				  "verb",
				  verbs[work->change],
				  work->new_name ? "new_name" : NULL,
				  work->new_name,
				  NULL };
	int r;

	if (bus->again != call && !bus_is_asked(bus, call))
		return bus_job_start_again(bus, call, image_find_work, work, NULL, IMAGE_LOOK_MS,
					   handler, error);
	r = bus_authorize(bus, call, handler, bus, MANAGE_IMAGES, details, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	/* This host's own root can be copied, and nothing else. */
	if (strcmp(work->name, ".host") == 0 && work->change != IMAGE_CHANGE_CLONE)
		return -EROFS;
	return bus_job_start(bus, call, image_change_work, work, reply_nothing, IMAGE_WORK_MS,
			     error);
}

static int handle_change(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
			 enum image_change change, sd_bus_error *error)
{
	CLEANUP_TARGET struct image_target target = { 0 };
	struct image_work work = { .change = change };
	int r = read_target(&target, call, error);

	work.name = target.name;
	if (r >= 0)
		r = read_change(&work, call, error);
	return r < 0 ? r : change_image(bus, call, handler, &work, error);
}

BUS_HANDLER(bus_remove_image)
{
	return handle_change(userdata, call, bus_remove_image, IMAGE_CHANGE_REMOVE, error);
}

BUS_HANDLER(bus_rename_image)
{
	return handle_change(userdata, call, bus_rename_image, IMAGE_CHANGE_RENAME, error);
}

BUS_HANDLER(bus_clone_image)
{
	return handle_change(userdata, call, bus_clone_image, IMAGE_CHANGE_CLONE, error);
}

BUS_HANDLER(bus_mark_image)
{
	return handle_change(userdata, call, bus_mark_image, IMAGE_CHANGE_MARK, error);
}

BUS_HANDLER(bus_limit_image)
{
	return handle_change(userdata, call, bus_limit_image, IMAGE_CHANGE_LIMIT, error);
}

static int may_manage_pool(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
			   const char *verb, sd_bus_error *error)
{
	const char *details[] = { "verb", verb, NULL };

	return bus_authorize(bus, call, handler, bus, MANAGE_MACHINES, details, error);
}

BUS_HANDLER(bus_limit_pool)
{
	struct image_work work = { 0 };
	int r = sd_bus_message_read(call, "t", &work.limit);

	if (r >= 0)
		r = may_manage_pool(userdata, call, bus_limit_pool, "set_pool_limit", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return bus_job_start(userdata, call, image_pool_limit_work, &work, reply_nothing,
			     IMAGE_WORK_MS, error);
}

/* The child's list of what it has removed. */
struct removed {
	char *list;
	size_t size;
};

static int append_removed(sd_bus_message *reply, void *data)
{
	const struct removed *removed = data;
	int r = 0;

	for (size_t at = 0; r >= 0 && at < removed->size;) {
		const char *name = removed->list + at;
		uint64_t usage;

		at += strnlen(name, removed->size - at) + 1;
		if (at + sizeof usage > removed->size)
			return -EBADMSG;
		memcpy(&usage, removed->list + at, sizeof usage);
		at += sizeof usage;
		r = sd_bus_message_append(reply, "(st)", name, usage);
	}
	return r;
}

static int reply_removed(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			 sd_bus_error *error)
{
	CLEANUP_FREE char *list = NULL;
	size_t size = 0;
	int r = 0;

	(void) bus, (void) error;
	list = work_result_bytes(result, &size, &r);
	return list ? bus_reply(call, "(st)", append_removed, &(struct removed){ list, size }) : r;
}

BUS_HANDLER(bus_clean_pool)
{
	struct image_work work = { 0 };
	const char *mode;
	int r = sd_bus_message_read(call, "s", &mode);

	if (r < 0)
		return r;
	work.all = strcmp(mode, "all") == 0;
	if (!work.all && strcmp(mode, "hidden") != 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Unknown mode '%s'.",
					 mode);
	r = may_manage_pool(userdata, call, bus_clean_pool, "clean_pool", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return bus_job_start(userdata, call, image_clean_work, &work, reply_removed, IMAGE_WORK_MS,
			     error);
}

static int reply_line(struct bus *bus, sd_bus_message *call, const struct work_result *result,
		      sd_bus_error *error)
{
	CLEANUP_FREE char *line = strndup(result->text, result->size);

	(void) bus, (void) error;
	if (!line)
		return -ENOMEM;
	image_hostname(line);
	return sd_bus_reply_method_return(call, "s", line);
}

struct image_id {
	uint8_t bytes[16];
	size_t size;
};

static int append_id(sd_bus_message *reply, void *data)
{
	const struct image_id *id = data;

	return sd_bus_message_append_array(reply, 'y', id->bytes, id->size);
}

static int reply_id(struct bus *bus, sd_bus_message *call, const struct work_result *result,
		    sd_bus_error *error)
{
	struct image_id id = { .size = 0 };

	(void) bus, (void) error;
	/* machine-id(5): 32 digits, and no other behind them. Of anything else the reply is empty. */
	if (hex_decode(result->text, id.bytes, sizeof id.bytes) && hex_digit(result->text[32]) < 0)
		id.size = sizeof id.bytes;
	return bus_reply(call, NULL, append_id, &id);
}

/* Read a file of the image, the first of these that it has. Anybody may: os-release is no secret. */
static int read_file(struct bus *bus, sd_bus_message *call, const char *const *paths,
		     bus_job_reply *reply, sd_bus_error *error)
{
	CLEANUP_TARGET struct image_target target = { 0 };
	struct image_work work = { .paths = paths };
	int r = read_target(&target, call, error);

	work.name = target.name;
	return r < 0 ? r
		     : bus_job_start(bus, call, image_file_work, &work, reply, IMAGE_FILE_WORK_MS,
				     error);
}

BUS_HANDLER(bus_get_image_hostname)
{
	static const char *const paths[] = { "/etc/hostname", NULL };

	return read_file(userdata, call, paths, reply_line, error);
}

BUS_HANDLER(bus_get_image_machine_id)
{
	static const char *const paths[] = { "/etc/machine-id", NULL };

	return read_file(userdata, call, paths, reply_id, error);
}

BUS_HANDLER(bus_get_image_machine_info)
{
	static const char *const paths[] = { "/etc/machine-info", NULL };

	return read_file(userdata, call, paths, bus_reply_assignments, error);
}

BUS_HANDLER(bus_get_image_os_release)
{
	static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release", NULL };

	return read_file(userdata, call, paths, bus_reply_assignments, error);
}
