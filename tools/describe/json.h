/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines as JSON. The fields are those of Varlink's io.systemd.Machine
 * interface, as far as it has them; mymachines-json(7) lists all.
 */
#pragma once

#include "base/failure.h"
#include "registry/record.h"
#include "registry/snapshot.h"

#include "tools/control/machine_state.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* JSON_SEQ is for readers of RFC 7464, and JSON_SSE for those of server-sent events. */
enum json_mode { JSON_OFF, JSON_SHORT, JSON_PRETTY, JSON_SEQ, JSON_SSE };

/* Returns a new object, which the caller releases. */
json_object *json_from_machine(const struct machine *machine, const struct pid_context *context);

/* The same, with its state. */
json_object *json_from_live_machine(const struct machine *machine,
				    const struct pid_context *context, enum machine_state state);

/* Print an object and a newline, and release the object. */
void json_print(FILE *stream, json_object *object, enum json_mode mode);

/* An array that is printed item by item, so that it need not be in memory as a whole. */
struct json_list {
	FILE *stream;
	enum json_mode mode;
	bool has_items;
};

struct json_list json_list_begin(FILE *stream, enum json_mode mode);

/* Print an object as its next item, and release the object. */
void json_list_add(struct json_list *list, json_object *object);

/* Print the end of it and a newline. */
void json_list_end(struct json_list *list);
