/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The facts of a machine as people read them: Name=value, as machinectl show has them. */
#pragma once

#include "registry/file.h"
#include "registry/record.h"
#include "tools/arena.h"

#include <stdbool.h>

/* What a property's value is made from. */
struct property_subject {
	const struct machine *machine;
	const struct registry_origin *origin;
	struct arena *arena;
};

/* Its text, NULL or empty where there is none: the machine's or the arena's. */
typedef const char *property_value(const struct property_subject *subject);

struct property {
	const char *name;
	property_value *value;
	bool is_live; /* read from the machine as it is now, not from its record */
};

/* In the order in which they are shown; the last has no name. */
extern const struct property properties[];
