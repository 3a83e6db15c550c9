/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and groups of machines, between their names and their ids on the host. */
#pragma once

#include "registry/snapshot.h"

struct machine_id {
	char machine[MACHINE_NAME_SIZE];
	uint32_t inner; /* in the machine */
	uint32_t outer; /* on the host */
};

/* By a name such as vu-web1-33. 0; -ENOENT; or an error of registry/snapshot.h. */
int find_named_id(enum id_kind kind, const char *name, struct machine_id *found);

/* By the host's id. The same. */
int find_id(enum id_kind kind, uint32_t outer, struct machine_id *found);
