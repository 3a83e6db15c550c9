/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id maps of user namespaces: extents of uids or gids, as user_namespaces(7)
 * has them in /proc/PID/uid_map. Pure: no I/O, no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's UID_GID_MAP_MAX_EXTENTS (include/linux/user_namespace.h). */
#define IDMAP_EXTENTS_MAX 340

/* Host ids below this are never a machine's: no machine's user may be taken for root. */
#define IDMAP_HOST_MIN 65536u

/*
 * `count` ids from `inner` in the machine are those from `outer` on the host.
 * Packed, because a map is read in place, in the registry's pages.
 */
struct idmap_extent {
	uint32_t inner;
	uint32_t outer;
	uint32_t count;
} __attribute__((packed));

/* The extents belong to the caller that made the map. */
struct idmap {
	const struct idmap_extent *extents;
	size_t count;
};

/* 0, or -EINVAL for an extent of no ids, or -ERANGE for one that runs past id 4294967295. */
int idmap_extent_check(const struct idmap_extent *extent);

/*
 * Whether the kernel would take such a map. 0, or
 * -E2BIG   more than IDMAP_EXTENTS_MAX extents
 * -EINVAL  an extent that idmap_extent_check() refuses; or
 * -ERANGE
 * -EEXIST  two extents that share an id, inside or outside
 */
int idmap_check(const struct idmap *map);

/* The map of a process that is in no user namespace of its own: "0 0 4294967295". */
bool idmap_is_identity(const struct idmap *map);

/* Whether this pair of ids has a name at all; see "never answered" in nss-mymachines(8). */
bool idmap_pair_has_name(uint32_t inner, uint32_t outer);

/* The host's id for an inner one. 0, or -ENOENT outside of the map. */
int idmap_to_outer(const struct idmap *map, uint32_t inner, uint32_t *outer);

/* The inner id for one of the host's. 0, or -ENOENT outside of the map. */
int idmap_to_inner(const struct idmap *map, uint32_t outer, uint32_t *inner);

/*
 * The pairs of ids that are in both maps, as extents. Those that `size` has no
 * room for are left out. Returns how many there are.
 */
size_t idmap_intersect(const struct idmap *a, const struct idmap *b, struct idmap_extent *extents,
		       size_t size);

bool idmap_equal(const struct idmap *a, const struct idmap *b);

/* Read INNER:OUTER:COUNT. 0, or -EINVAL where it isn't three plain decimal numbers. */
int idmap_extent_parse(const char *text, struct idmap_extent *extent);

/*
 * Read the text of /proc/PID/uid_map into `extents`, which has room for
 * `size`. Returns how many there are, -EINVAL, or -E2BIG.
 */
int idmap_parse(const char *text, struct idmap_extent *extents, size_t size);
