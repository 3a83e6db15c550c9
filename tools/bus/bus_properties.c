/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_properties.h"

#include "base/cleanup.h"
#include "host/host_machine.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/bus/bus_images.h"
#include "tools/bus/bus_job.h"
#include "tools/bus/bus_machines.h"
#include "tools/bus/bus_reply.h"
#include "tools/bus/bus_target.h"
#include "tools/calls/image_work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"

/* Get(), or GetAll() without a property. */
struct query {
	const char *interface, *property;
};

/* 1, or 0 if the message is another one. */
static int read_query(sd_bus_message *call, struct query *query)
{
	int r = 0;

	*query = (struct query){ 0 };
	if (sd_bus_message_is_method_call(call, PROPERTIES, "Get") > 0 &&
	    sd_bus_message_has_signature(call, "ss") > 0)
		r = sd_bus_message_read(call, "ss", &query->interface, &query->property);
	else if (sd_bus_message_is_method_call(call, PROPERTIES, "GetAll") > 0 &&
		 sd_bus_message_has_signature(call, "s") > 0)
		r = sd_bus_message_read(call, "s", &query->interface);
	return r > 0 && sd_bus_message_rewind(call, true) >= 0;
}

/* The next property of an object, or NULL behind the last. */
static const sd_bus_vtable *next_property(const sd_bus_vtable *at)
{
	while (at->type != _SD_BUS_VTABLE_END && at->type != _SD_BUS_VTABLE_PROPERTY)
		at++;
	return at->type == _SD_BUS_VTABLE_END ? NULL : at;
}

static const sd_bus_vtable *find_property(const sd_bus_vtable *table, const char *name)
{
	const sd_bus_vtable *at = next_property(table);

	while (at && strcmp(at->x.property.member, name) != 0)
		at = next_property(at + 1);
	return at;
}

static int append_value(sd_bus_message *reply, const sd_bus_vtable *property, void *data)
{
	int r = sd_bus_message_open_container(reply, 'v', property->x.property.signature);

	if (r >= 0)
		r = property->x.property.get(NULL, "", "", property->x.property.member, reply, data,
					     NULL);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_all(sd_bus_message *reply, const sd_bus_vtable *table, void *data)
{
	int r = sd_bus_message_open_container(reply, 'a', "{sv}");

	for (const sd_bus_vtable *at = next_property(table); r >= 0 && at;
	     at = next_property(at + 1)) {
		if (at->flags & SD_BUS_VTABLE_HIDDEN)
			continue;
		r = sd_bus_message_open_container(reply, 'e', "sv");
		if (r >= 0)
			r = sd_bus_message_append(reply, "s", at->x.property.member);
		if (r >= 0)
			r = append_value(reply, at, data);
		if (r >= 0)
			r = sd_bus_message_close_container(reply);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

struct answer {
	struct query query;
	const sd_bus_vtable *table;
	void *data;
};

static int append_answer(sd_bus_message *reply, void *data)
{
	const struct answer *answer = data;
	const char *property = answer->query.property;

	return property ? append_value(reply, find_property(answer->table, property), answer->data)
			: append_all(reply, answer->table, answer->data);
}

static int answer_query(sd_bus_message *call, const sd_bus_vtable *table, void *data)
{
	struct answer answer = { .table = table, .data = data };
	int r = sd_bus_message_rewind(call, true);

	if (r < 0)
		return r;
	return read_query(call, &answer.query) > 0 ? bus_reply(call, NULL, append_answer, &answer)
						   : -EBADMSG;
}

static int reply_image(struct bus *bus, sd_bus_message *call, const struct work_result *result,
		       sd_bus_error *error)
{
	CLEANUP(image_records_done) struct image_records records = { 0 };
	struct image image;
	int r = image_records_read(&records, result);

	(void) bus, (void) error;
	if (r >= 0 && !image_records_next(&records, &image))
		r = -EBADMSG;
	return r < 0 ? r : answer_query(call, bus_image_vtable, &image);
}

static int reply_pool(struct bus *bus, sd_bus_message *call, const struct work_result *result,
		      sd_bus_error *error)
{
	struct image_pool_quota quota;

	(void) bus, (void) error;
	if (result->size != sizeof quota)
		return -EBADMSG;
	memcpy(&quota, result->text, sizeof quota);
	return answer_query(call, bus_manager_vtable, &quota);
}

/* Whether it asks for properties of this table. Others sd-bus refuses without a getter. */
static bool is_about(const struct query *query, const char *interface, const sd_bus_vtable *table)
{
	return (!*query->interface || strcmp(query->interface, interface) == 0) &&
	       (!query->property || find_property(table, query->property));
}

/* 1; 0 if there is no such machine; or the negative errno of an error. */
static int find_machine(struct bus *bus, struct bus_machine *found, const char *name,
			sd_bus_error *error)
{
	const struct machine_leader *supervisor;
	struct snapshot *snapshot;
	struct failure failure;
	int r;

	if (strcmp(name, ".host") == 0) {
		host_machine_read(&found->machine);
		return 1;
	}
	r = bus_registry(bus, &snapshot, error);
	if (r < 0)
		return r;
	if (machine_find(snapshot, name, &found->machine, &failure) < 0)
		return failure.kind == FAILURE_NO_MACHINE ? 0 : bus_fail(error, &failure);
	found->is_dead = !bus_machine_may_live(bus, snapshot, &found->machine);
	supervisor = machine_supervisor(&found->machine, &snapshot->meta.context);
	if (supervisor)
		found->supervisor = *supervisor;
	return 1;
}

/* All properties are of one look at the registry. Of a machine that isn't there, sd-bus says so. */
static int answer_machine_query(struct bus *bus, sd_bus_message *call, const char *path,
				const struct query *query, sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	struct bus_machine found = { 0 };
	int r = 0;

	if (is_about(query, BUS_MACHINE_INTERFACE, bus_machine_vtable))
		r = bus_path_to_name(bus, call, path, &name);
	if (r > 0)
		r = find_machine(bus, &found, name, error);
	return r <= 0 ? r : answer_query(call, bus_machine_vtable, &found);
}

static int start_query(struct bus *bus, sd_bus_message *call, const char *path,
		       const struct query *query, sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;

	if (strcmp(path, BUS_MANAGER_PATH) == 0)
		return is_about(query, BUS_MANAGER_INTERFACE, bus_manager_vtable)
			       ? bus_job_start(bus, call, image_pool_look_work,
					       &(struct image_work){ 0 }, reply_pool, IMAGE_LOOK_MS,
					       error)
			       : 0;
	if (strncmp(path, BUS_MACHINE_PATH "/", strlen(BUS_MACHINE_PATH "/")) == 0)
		return answer_machine_query(bus, call, path, query, error);
	if (sd_bus_path_decode(path, BUS_IMAGE_PATH, &name) <= 0 ||
	    !is_about(query, BUS_IMAGE_INTERFACE, bus_image_vtable))
		return 0;
	return bus_job_start(bus, call, image_find_work, &(struct image_work){ .name = name },
			     reply_image, IMAGE_LOOK_MS, error);
}

int bus_properties_filter(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(call);
	struct query query;

	if (!path)
		return 0;
	if (sd_bus_message_is_method_call(call, INTROSPECTABLE, "Introspect") > 0)
		return strcmp(path, BUS_IMAGE_PATH) == 0
			       ? bus_image_introspect(bus, call, error)
			       : bus_image_introspect_object(bus, call, error);
	return read_query(call, &query) > 0 ? start_query(bus, call, path, &query, error) : 0;
}
