/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The facts of a machine as Name=value, like machinectl show. */
#pragma once

#include "base/arena.h"
#include "registry/file.h"
#include "registry/record.h"

#include <stdbool.h>

/* The source of a property's value. */
struct property_subject {
	const struct machine *machine;
	const struct pid_context *context;
	struct arena *arena;
	bool asks; /* its emulator, too, if it is a VM with a control socket */
};

/*
 * Returns the value's text, which belongs to the machine or the arena; NULL or ""
 * if there is none.
 */
typedef const char *property_value(const struct property_subject *subject);

struct property {
	const char *name;
	property_value *value;
	bool is_live; /* read from the machine now, not from its record */
};

/* All properties in the order in which they are shown. The last one has no name. */
extern const struct property properties[];
