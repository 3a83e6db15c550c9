/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's entries in all the databases. Part of the writing half. `db` has
 * a write transaction; after an error it is good for nothing but to be aborted.
 */
#pragma once

#include "registry/snapshot.h"

/* `value` is the record as DB_NAMES has it, with its kind before it. -EEXIST: an alias is taken. */
int index_add(struct snapshot *db, const struct machine *machine, const void *value, size_t size);

/* `former` must not point into the pages. */
int index_remove(struct snapshot *db, const struct machine *former);

/* Both, leaving alone what stays the same. */
int index_replace(struct snapshot *db, const struct machine *former, const struct machine *machine,
		  const void *value, size_t size);
