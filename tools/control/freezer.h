/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hierarchies of cgroups that can be frozen: cgroup-v2 and freezer-subsystem of the kernel's documentation. */
#pragma once

#include "host/cgroup.h"

struct freezer {
	struct cgroup_hierarchy hierarchy;
	long type; /* of its file system */
	const char *state_file;
	const char *frozen; /* the text in it if the cgroup is frozen */
	const char *file;
	const char *words[2]; /* to write there: to thaw, to freeze */
	/* It has "1" in it if the cgroup was frozen itself, and not only with one above it. */
	const char *own_file;
};

/* Freezers of version 2 come first. */
#define FREEZERS 3
extern const struct freezer freezers[FREEZERS];

bool freezer_is_mounted(const struct freezer *freezer);

bool freezer_has_version_2(const struct freezer *freezer);

/*
 * Whether a cgroup is frozen, by itself or with one above it. Its path is relative to a directory, or
 * AT_FDCWD. 1, 0, or a negative errno.
 */
int freezer_look(const struct freezer *freezer, int directory, const char *cgroup);

/* Whether the cgroup of this path was frozen itself, and not only with one above it. */
bool freezer_has_frozen(const struct freezer *freezer, const char *cgroup);

/*
 * Whether nothing in a hierarchy is frozen. False also if it has more cgroups than `cgroups_max`, or
 * not all of them can be seen.
 */
bool freezer_is_thawed(const struct freezer *freezer, uint64_t cgroups_max);
