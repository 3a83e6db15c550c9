/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine's entries in all the databases. Part of the writing half. After an
 * error the transaction can only be aborted.
 */
#pragma once

#include "registry/transaction.h"

#include <stdbool.h>

/* `record` is as DB_NAMES has it, with its kind before it. -EEXIST: an alias is taken. */
int index_add(struct transaction *transaction, const struct machine *machine, struct value record);

/* `former` must not point into the pages. */
int index_remove(struct transaction *transaction, const struct machine *former);

/* Both, leaving alone what stays the same. */
int index_replace(struct transaction *transaction, const struct machine *former,
		  const struct machine *machine, struct value record);

/* Whether both machines have the same entries by uid and gid. */
bool index_has_same_ids(const struct machine *a, const struct machine *b);
