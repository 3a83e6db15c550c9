/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of users and groups: the host's, and of machines, also where NSS doesn't know them. */
#pragma once

#include "registry/snapshot.h"
#include "tools/arena.h"

struct id_names {
	struct snapshot *snapshot;
	struct arena *arena;
	void *found; /* a tree, tsearch(3) */
};

/* The name, or the number where there is none; in the arena. Asks once for each. */
const char *id_names_find(struct id_names *names, enum id_kind kind, uint32_t id);

void id_names_done(struct id_names *names);
