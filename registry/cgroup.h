/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units, and the cgroups by which processes are in them: cgroups(7),
 * systemd.unit(5). Part of the writing half.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define UNIT_NAME_SIZE 256

/* The one of the mounted cgroup hierarchies that libsystemd consults on this host. */
struct cgroup_hierarchy {
	const char *mount;   /* where it is mounted */
	const char *prefix;  /* what its line of /proc/PID/cgroup has before the path */
	char root[PATH_MAX]; /* the path that all units are below, or "" */
};

/* Find it: 0, or -ENOENT where libsystemd would find none. */
int cgroup_hierarchy_find(struct cgroup_hierarchy *hierarchy);

/* The cgroup of a process, 0 for the caller: the caller's to free, or NULL with errno. */
char *cgroup_read_path(const struct cgroup_hierarchy *hierarchy, uint32_t pid);

/*
 * The unit in a cgroup path, as libsystemd finds it: slices are passed over,
 * the next component is a service or scope. `root` is the part of the path
 * that doesn't count, or "". 0 or -ENOENT.
 */
int cgroup_unit(const char *path, const char *root, char unit[static UNIT_NAME_SIZE]);

/* Whether it can be a unit's name: systemd.unit(5). */
bool unit_name_is_valid(const char *name);

/* The unit that the process is in. 0, -ENOENT without one, or another negative errno. */
int process_read_unit(const struct cgroup_hierarchy *hierarchy, uint32_t pid,
		      char unit[static UNIT_NAME_SIZE]);

/*
 * Whether a leader's unit may hold processes that aren't the machine's: a
 * login session, a user manager, or one whose very cgroup the caller is in.
 */
bool process_unit_is_shared(const struct cgroup_hierarchy *hierarchy, uint32_t pid,
			    const char *unit);
