/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines as JSON. Fields are those of Varlink's io.systemd.Machine
 * interface where it has one; mymachines(1), "JSON", lists them all.
 */
#pragma once

#include "registry/record.h"
#include "registry/snapshot.h"
#include "tools/registration.h"

#include <json-c/json.h>

enum json_mode { JSON_OFF, JSON_SHORT, JSON_PRETTY };

/* "short", "pretty" or "off". 0 or -1 after it has said what is wrong. */
int json_mode_parse(const char *text, enum json_mode *mode);

/* A new object, the caller's. */
json_object *json_from_machine(const struct machine *machine, const struct registry_origin *origin);

/* The same, with what isn't in the record, but read from the machine as it is now. */
json_object *json_from_live_machine(const struct machine *machine,
				    const struct registry_origin *origin);

/*
 * Read a whole JSON text, strictly. A new value, the caller's, or NULL, and
 * then `why` says what is wrong with it; the text "null" is NULL without.
 */
json_object *json_parse(const char *text, size_t length, const char **why);

/* The text of a JSON string without NUL inside, or NULL. */
const char *json_string(json_object *value);

/* Print it to stdout, with a newline, and release it. */
void json_print(json_object *object, enum json_mode mode);

/*
 * Read one registration from JSON text into `registration`, whose arena and
 * subject are set. 0, or -1 after it has said what is wrong.
 */
int json_to_registration(const char *text, size_t length, struct registration *registration);
