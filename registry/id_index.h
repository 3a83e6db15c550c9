/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which machine owns which host ids, as ranges that don't overlap. An id that
 * several machines map belongs to the machine that was registered first. Part
 * of the writing half. (FORMAT.md, "uid and gid".) An extent of a single id
 * isn't among them: the host has lent it.
 */
#pragma once

#include "registry/transaction.h"

/*
 * Add the machine's extents; or take them out, and give each id that becomes
 * free to the machine that maps it and was registered next. 0 or a negative
 * errno, after which the transaction can only be aborted.
 */
int id_index_add(struct transaction *transaction, enum id_kind kind, const struct machine *machine);
int id_index_remove(struct transaction *transaction, enum id_kind kind,
		    const struct machine *machine);
