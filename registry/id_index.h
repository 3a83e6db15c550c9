/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which machine owns which host ids, as disjoint ranges: an id that several
 * machines map is that machine's which was registered first. Part of the
 * writing half. (FORMAT.md, "uid and gid".)
 */
#pragma once

#include "registry/snapshot.h"

/*
 * Add the machine's extents, or take them out again, and give what becomes
 * free to the next machine that maps it. `db` has a write transaction. 0 or a
 * negative errno, after which the transaction is good for nothing but to be
 * aborted.
 */
int id_index_add(struct snapshot *db, enum id_kind kind, const struct machine *machine);
int id_index_remove(struct snapshot *db, enum id_kind kind, const struct machine *machine);
