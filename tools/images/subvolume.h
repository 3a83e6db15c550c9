/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subvolumes of btrfs, by its ioctls: btrfs-ioctl(2). All return 0 or a negative errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Whether an open directory is a subvolume. `st` is its stat(2). */
bool is_subvolume(int fd, const struct stat *st);

/* -ENOTTY if the file system isn't btrfs. */
int subvolume_create(int directory, const char *name);
int subvolume_snapshot(int source, int directory, const char *name);

/* Whether it contains subvolumes. A snapshot doesn't include them. */
bool subvolume_has_others(int fd);

/* Remove a subvolume that contains no other. */
int subvolume_remove(int directory, const char *name);

int subvolume_is_read_only(int fd, bool *read_only);
int subvolume_set_read_only(int fd, bool read_only);

/* When it was made, in microseconds since 1970. */
int subvolume_read_created(int fd, uint64_t *created);

/* A quota's count and limits, in bytes; UINT64_MAX: no limit. */
struct subvolume_quota {
	uint64_t referenced, exclusive;
	uint64_t referenced_limit, exclusive_limit;
};

/* -ENOENT if quotas are off. */
int subvolume_read_quota(int fd, struct subvolume_quota *quota);

/* Limit what it refers to; UINT64_MAX: no limit. */
int subvolume_set_limit(int fd, uint64_t bytes);
