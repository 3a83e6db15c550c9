/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owners of files that are copied into a machine or out of it, translated by its id
 * maps. This happens on the host's side, because only the host knows both ids.
 */
#pragma once

#include "registry/idmap.h"
#include "tools/enter/copy_stream.h"

struct copy_owners {
	size_t n_uids, n_gids; /* 0: the machine knows no id of the host */
	struct idmap_extent uids[IDMAP_EXTENTS_MAX];
	struct idmap_extent gids[IDMAP_EXTENTS_MAX];
};

/* Read the maps of a process. 0 or a negative errno. */
int copy_owners_read(struct copy_owners *owners, uint32_t leader);

/*
 * From the host's owner to the machine's. An owner that isn't mapped becomes the machine's root;
 * then the file loses its setuid or setgid bit, as it would run as another user than on the host.
 */
void copy_owners_to_machine(struct copy_entry *entry, const void *owners);

/*
 * From the machine's owner to the host's. An owner that isn't mapped, or is nobody, becomes the host's
 * root. The file always loses its setuid and setgid bits: the machine's root chose the
 * owner, so it could have made any program run as any mapped user of the host.
 */
void copy_owners_from_machine(struct copy_entry *entry, const void *owners);
