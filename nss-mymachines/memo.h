/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this process has learnt from one snapshot: which names it lacks, and
 * whose some ids are. It is good for as long as one stat(2) of the registry
 * shows the same snapshot. Of fixed size;
 * pages of it that aren't needed are never touched.
 *
 * Behind a lock that is only ever tried: who doesn't get it goes without, so
 * that a fork(2) in another thread can't make anybody wait for ever.
 */
#pragma once

#include "registry/snapshot.h"

#include <stdbool.h>

/* Whether the snapshot that is there now certainly lacks this folded name. */
bool memo_lacks_name(const struct registry_identity *now, const char *folded, size_t length);

/* Whether the range around this id is known in the snapshot that is there now. */
bool memo_find_range(const struct registry_identity *now, enum id_kind kind, uint32_t id,
		     struct id_range *range);

/* Remember a range of this snapshot. */
void memo_add_range(const struct registry_identity *identity, enum id_kind kind,
		    const struct id_range *range);
