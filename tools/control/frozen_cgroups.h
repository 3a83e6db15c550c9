/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether processes are frozen with their cgroups. */
#pragma once

#include "tools/control/freezer.h"

/* Whether the process's cgroup is frozen, or one above it. */
bool process_is_frozen(uint32_t pid);

/* For looks at many processes: the hierarchies that can freeze, and the cgroups that were looked at last. */
struct frozen_cgroups {
	struct {
		bool is_absent; /* it isn't mounted, or nothing in it is frozen */
		bool is_frozen;
		char path[PATH_MAX]; /* of the one looked at last */
	} freezers[FREEZERS];
	bool nothing_is_frozen;
	bool is_by_id;	/* an id of version 2 says all: nothing is frozen in version 1 */
	int version_2;	/* its mount point, if cgroups can be opened by their ids there; or -1 */
	bool is_frozen; /* the cgroup of this id */
	uint64_t id;	/* of the one looked at last, or 0 */
};

/* Look which hierarchies there are, for so many processes at most. */
void frozen_cgroups_begin(struct frozen_cgroups *known, uint64_t processes);

void frozen_cgroups_end(struct frozen_cgroups *known);

/*
 * The same as process_is_frozen(), for many processes of which a pidfd is open: a cgroup is looked
 * at once for those in a row that are in it. 1, 0, or a negative errno.
 */
int process_look_frozen(uint32_t pid, int pidfd, struct frozen_cgroups *known);
