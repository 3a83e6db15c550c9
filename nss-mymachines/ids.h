/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking up users and groups of machines, by way of the memo. */
#pragma once

#include "registry/mapped_id.h"

/*
 * By a name such as vu-web1-33. The end of `buffer` is used for a record that is
 * too large for the stack. 0; -ENOENT; or an error of registry/snapshot.h.
 */
int lookup_id_by_name(enum id_kind kind, const char *name, struct mapped_id *found, char *buffer,
		      size_t length);

/* By the host's id. The same. */
int lookup_id(enum id_kind kind, uint32_t outer, struct mapped_id *found);
