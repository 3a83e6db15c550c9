/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that are a machine's record, an alias, or a machine's folded name (FORMAT.md). */
#pragma once

#include "registry/database.h"
#include "registry/record.h"

#include <stdbool.h>

/* Whether a value of DB_NAMES is of this kind. */
bool name_value_is(struct value value, enum name_kind kind);

/* The folded name behind the first `skip` bytes, which ends with a NUL. NULL for another value. */
const char *name_value_string(struct value value, size_t skip);

/* Decode the record in a value of DB_NAMES. 0 or -EUCLEAN. */
int name_value_decode(struct value value, struct machine *machine);
