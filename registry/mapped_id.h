/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users and groups of machines, between their names, such as vu-web1-33, and
 * their ids on the host. The rules of what has a name are those of
 * nss-mymachines(8).
 */
#pragma once

#include "registry/snapshot.h"

struct mapped_id {
	char machine[MACHINE_NAME_SIZE];
	uint32_t inner; /* in the machine */
	uint32_t outer; /* on the host */
};

/*
 * Take a name such as vu-web1-33 apart: `machine` and `inner`. 0, or -ENOENT
 * where no user or group of a machine can have it; then no registry needs to be
 * asked.
 */
int mapped_id_parse(enum id_kind kind, const char *name, struct mapped_id *id);

/* Find the id on the host of one that was taken apart. 0; -ENOENT; or an error of snapshot.h. */
int mapped_id_find(struct snapshot *snapshot, enum id_kind kind, struct mapped_id *id);

/* Whether an id of the host can be a machine's at all; if not, no registry needs to be asked. */
bool host_id_can_be_mapped(uint32_t outer);

/*
 * The one of a range that has this id of the host. 0, or -ENOENT where the
 * range is not a machine's or the id has no name.
 */
int mapped_id_in_range(const struct id_range *range, uint32_t outer, struct mapped_id *id);
