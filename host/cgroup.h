/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units and their cgroups: cgroups(7), systemd.unit(5). */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNIT_NAME_SIZE 256

/* The cgroup hierarchy that libsystemd uses on this host. */
struct cgroup_hierarchy {
	const char *mount;   /* mount point */
	const char *prefix;  /* text before the path in its line of /proc/PID/cgroup */
	char root[PATH_MAX]; /* the path below which all units are, or "" */
};

/* Find the hierarchy. 0, or -ENOENT if libsystemd would find none. */
int cgroup_hierarchy_find(struct cgroup_hierarchy *hierarchy);

/*
 * The path of the hierarchy with this prefix in the text of /proc/PID/cgroup, with
 * its length, as it isn't ended there; or NULL.
 */
const char *cgroup_find_path(const char *text, const char *prefix, size_t *length);

/*
 * The cgroup path of a process, 0 for the caller. The caller frees it. NULL with
 * errno on failure.
 */
char *cgroup_read_path(const struct cgroup_hierarchy *hierarchy, uint32_t pid);

/*
 * Find the unit in a cgroup path as libsystemd does: it skips slices, and the next
 * component is a service or scope. `root` is a prefix to skip, or "". 0 or
 * -ENOENT.
 */
int cgroup_unit(const char *path, const char *root, char unit[static UNIT_NAME_SIZE]);

/* Whether it is a valid name of a unit: systemd.unit(5). */
bool unit_name_is_valid(const char *name);

/* Find the unit of a process. 0, -ENOENT if it is in none, or another negative errno. */
int process_read_unit(const struct cgroup_hierarchy *hierarchy, uint32_t pid,
		      char unit[static UNIT_NAME_SIZE]);

/* Whether the process is in the unit of this name. False if that can't be read. */
bool process_is_in_unit(const struct cgroup_hierarchy *hierarchy, uint32_t pid, const char *unit)
	__attribute__((nonnull));

/*
 * Whether a leader's unit may hold processes that aren't the machine's: it is a
 * login session or a user manager, or the caller is in the same cgroup.
 */
bool process_unit_is_shared(const struct cgroup_hierarchy *hierarchy, uint32_t pid,
			    const char *unit);
