/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of users and groups of the host and of machines, even if NSS doesn't know them. */
#pragma once

#include "base/arena.h"
#include "registry/snapshot.h"

struct id_names {
	struct snapshot *snapshot;
	struct arena *arena;
	void *found; /* a tree, tsearch(3) */
};

/* The name of an id, or its number if it has none; in the arena. Each id is looked up once. */
const char *id_names_find(struct id_names *names, enum id_kind kind, uint32_t id);

void id_names_done(struct id_names *names);
