/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of transfers, and looking for these. */
#include "tools/bus/import1_objects.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "tools/bus/bus.h"
#include "tools/bus/bus_lookup.h"
#include "tools/bus/bus_polkit.h"
#include "tools/bus/import1_transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEANUP_ARENA CLEANUP(arena_done)

int import1_fail(sd_bus_error *error, const struct failure *failure)
{
	if (failure->kind == FAILURE_NO_PROCESS)
		return sd_bus_error_set(error, IMPORT1_NAME ".NoSuchTransfer", failure->text);
	if (failure->kind == FAILURE_EXISTS)
		return sd_bus_error_set(error, IMPORT1_NAME ".TransferInProgress", failure->text);
	if (failure->kind == FAILURE_BUSY)
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, failure->text);
	return bus_fail(error, failure);
}

int import1_cancel(struct import1 *import1, sd_bus_message *call, sd_bus_message_handler_t handler,
		   uint32_t id, sd_bus_error *error)
{
	static const char *const details[] = { "verb", "cancel", NULL };
	struct failure failure;
	int r = bus_authorize(&import1->bus, call, handler, import1, IMPORT1_NAME ".cancel",
			      details, error);

	if (r <= 0)
		return r < 0 ? r : 1;
	if (transfer_children_cancel(&import1->children, id, &failure) < 0)
		return import1_fail(error, &failure);
	return sd_bus_reply_method_return(call, NULL);
}

/* The id in a path: "_" and a number. 0 for another path. */
static uint32_t path_to_id(const char *path)
{
	size_t length = strlen(IMPORT1_TRANSFER_PATH "/_");
	uint32_t id;

	if (strncmp(path, IMPORT1_TRANSFER_PATH "/_", length) != 0 ||
	    id_parse(path + length, &id) < 0)
		return 0;
	return id;
}

static int find_transfer(const struct import1 *import1, struct arena *arena, const char *path,
			 struct transfer *transfer, struct failure *f)
{
	return transfer_children_find(&import1->children, arena, path_to_id(path), transfer, f);
}

int import1_transfer_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
			  void **found, sd_bus_error *error)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	struct transfer transfer;
	struct failure failure;

	(void) bus, (void) interface, (void) error;
	*found = userdata;
	return find_transfer(userdata, &arena, path, &transfer, &failure) == 0;
}

int import1_transfer_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***nodes,
			       sd_bus_error *error)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	const struct import1 *import1 = userdata;
	struct transfer *transfers;
	struct failure failure;
	size_t count;
	char **paths;

	(void) bus, (void) prefix;
	if (transfer_children_list(&import1->children, &arena, &transfers, &count, &failure) < 0)
		return import1_fail(error, &failure);
	paths = calloc(count + 1, sizeof *paths);
	for (size_t i = 0; paths && i < count; i++) {
		char path[IMPORT1_PATH_SIZE];

		paths[i] = strdup(import1_path(transfers[i].id, path));
		/* Objects below it aren't listed. */
		if (!paths[i])
			break;
	}
	*nodes = paths;
	return paths ? 0 : -ENOMEM;
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	CLEANUP_ARENA struct arena arena = { 0 };
	struct failure failure;
	struct transfer t;

	(void) bus, (void) interface;
	if (find_transfer(userdata, &arena, path, &t, &failure) < 0)
		return import1_fail(error, &failure);
	if (strcmp(property, "Id") == 0)
		return sd_bus_message_append(reply, "u", t.id);
	if (strcmp(property, "Progress") == 0)
		return sd_bus_message_append(reply, "d", t.progress);
	return sd_bus_message_append(reply, "s",
				     strcmp(property, "Local") == 0    ? transfer_end_name(t.local)
				     : strcmp(property, "Remote") == 0 ? transfer_end_name(t.remote)
				     : strcmp(property, "Type") == 0   ? t.type
								       : t.verify);
}

static BUS_HANDLER(cancel)
{
	uint32_t id = path_to_id(sd_bus_message_get_path(call));

	return import1_cancel(userdata, call, cancel, id, error);
}

#define PROPERTY(name, type, flags) SD_BUS_PROPERTY(name, type, get_property, 0, flags)
#define CONST			    SD_BUS_VTABLE_PROPERTY_CONST

const sd_bus_vtable import1_transfer_vtable[] = {
	SD_BUS_VTABLE_START(0),
	PROPERTY("Id", "u", CONST),
	PROPERTY("Local", "s", CONST),
	PROPERTY("Remote", "s", CONST),
	PROPERTY("Type", "s", CONST),
	PROPERTY("Verify", "s", CONST),
	PROPERTY("Progress", "d", 0),
	SD_BUS_METHOD("Cancel", NULL, NULL, cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_NAMES("LogMessage", "us", SD_BUS_PARAM(priority) SD_BUS_PARAM(line), 0),
	SD_BUS_SIGNAL_WITH_NAMES("ProgressUpdate", "d", SD_BUS_PARAM(progress), 0),
	SD_BUS_VTABLE_END,
};
