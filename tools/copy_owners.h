/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owners of files that go into a machine or come out of it: by its id maps, on
 * the host's side, which alone knows both.
 */
#pragma once

#include "registry/idmap.h"
#include "tools/copy_stream.h"

struct copy_owners {
	size_t n_uids, n_gids; /* none: ids mean the same in there */
	struct idmap_extent uids[IDMAP_EXTENTS_MAX];
	struct idmap_extent gids[IDMAP_EXTENTS_MAX];
};

/* Read the maps of a process. 0 or a negative errno. */
int copy_owners_read(struct copy_owners *owners, uint32_t leader);

/*
 * From the host's to the machine's: whom the machine doesn't know becomes its root, and what
 * would run as somebody else than on the host doesn't.
 */
void copy_owners_to_machine(struct copy_entry *entry, const void *owners);

/*
 * And back: whom it doesn't know, or calls nobody, becomes the host's root. Nothing runs as anybody
 * else: the machine could have had it run as one of the host's.
 */
void copy_owners_from_machine(struct copy_entry *entry, const void *owners);
