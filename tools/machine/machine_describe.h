/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine, as List has it. */
#pragma once

#include "tools/calls/target.h"

#include <json-c/json.h>
#include <stddef.h>

/* Make an object of the registry's facts about a machine. */
json_object *machine_describe(const struct call_target *target) __attribute__((nonnull));

/* Add its addresses. False if it has none of its own. */
bool machine_describe_addresses(json_object *to, const struct call_target *target)
	__attribute__((nonnull));

/* Add the text of an os-release. */
void machine_describe_os_release(json_object *to, const char *text, size_t size)
	__attribute__((nonnull));

/* Add the first id of its users on the host. False if that doesn't tell the others. */
bool machine_describe_shift(json_object *to, const struct call_target *target)
	__attribute__((nonnull));
