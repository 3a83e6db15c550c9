/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/subvolume.h"

#include <endian.h>
#include <errno.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

bool is_subvolume(int fd, const struct stat *st)
{
	struct statfs fs;

	return S_ISDIR(st->st_mode) && st->st_ino == BTRFS_FIRST_FREE_OBJECTID &&
	       fstatfs(fd, &fs) == 0 && (unsigned long) fs.f_type == BTRFS_SUPER_MAGIC;
}

static int call(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

int subvolume_create(int directory, const char *name)
{
	struct btrfs_ioctl_vol_args arguments = { 0 };

	if (strlen(name) >= sizeof arguments.name)
		return -ENAMETOOLONG;
	strcpy(arguments.name, name);
	return call(directory, BTRFS_IOC_SUBVOL_CREATE, &arguments);
}

int subvolume_snapshot(int source, int directory, const char *name)
{
	struct btrfs_ioctl_vol_args_v2 arguments = { .fd = source };

	if (strlen(name) >= sizeof arguments.name)
		return -ENAMETOOLONG;
	strcpy(arguments.name, name);
	return call(directory, BTRFS_IOC_SNAP_CREATE_V2, &arguments);
}

bool subvolume_has_others(int fd)
{
	struct btrfs_ioctl_get_subvol_rootref_args below = { 0 };

	/* If that can't be determined, assume that there are some. */
	return call(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, &below) < 0 || below.num_items > 0;
}

int subvolume_remove(int directory, const char *name)
{
	struct btrfs_ioctl_vol_args arguments = { 0 };

	if (strlen(name) >= sizeof arguments.name)
		return -ENAMETOOLONG;
	strcpy(arguments.name, name);
	return call(directory, BTRFS_IOC_SNAP_DESTROY, &arguments);
}

int subvolume_is_read_only(int fd, bool *read_only)
{
	uint64_t flags = 0;
	int r = call(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags);

	if (r == 0)
		*read_only = flags & BTRFS_SUBVOL_RDONLY;
	return r;
}

int subvolume_set_read_only(int fd, bool read_only)
{
	uint64_t flags = 0, wanted;
	int r = call(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags);

	if (r < 0)
		return r;
	wanted = read_only ? flags | BTRFS_SUBVOL_RDONLY : flags & ~(uint64_t) BTRFS_SUBVOL_RDONLY;
	return wanted == flags ? 0 : call(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &wanted);
}

static int read_info(int fd, struct btrfs_ioctl_get_subvol_info_args *info)
{
	memset(info, 0, sizeof *info);
	return call(fd, BTRFS_IOC_GET_SUBVOL_INFO, info);
}

int subvolume_read_created(int fd, uint64_t *created)
{
	struct btrfs_ioctl_get_subvol_info_args info;
	int r = read_info(fd, &info);

	if (r == 0)
		*created = (uint64_t) info.otime.sec * 1000000 + info.otime.nsec / 1000;
	return r;
}

/* Copy the item that a search found to `item`. Items are little-endian and not aligned. */
static void take_item(struct subvolume_quota *quota, uint32_t type, const char *item, size_t length)
{
	struct btrfs_qgroup_info_item counted;
	struct btrfs_qgroup_limit_item limit;

	if (type == BTRFS_QGROUP_INFO_KEY && length >= sizeof counted) {
		memcpy(&counted, item, sizeof counted);
		quota->referenced = le64toh(counted.rfer);
		quota->exclusive = le64toh(counted.excl);
	} else if (type == BTRFS_QGROUP_LIMIT_KEY && length >= sizeof limit) {
		memcpy(&limit, item, sizeof limit);
		if (le64toh(limit.flags) & BTRFS_QGROUP_LIMIT_MAX_RFER)
			quota->referenced_limit = le64toh(limit.max_rfer);
		if (le64toh(limit.flags) & BTRFS_QGROUP_LIMIT_MAX_EXCL)
			quota->exclusive_limit = le64toh(limit.max_excl);
	}
}

/* Read an item of the quota tree: of this type, of a subvolume's own group. */
static int read_item(int fd, uint64_t group, uint32_t type, struct subvolume_quota *quota)
{
	struct btrfs_ioctl_search_args search = { .key = {
							  .tree_id = BTRFS_QUOTA_TREE_OBJECTID,
							  .min_type = type,
							  .max_type = type,
							  .min_offset = group,
							  .max_offset = group,
							  .max_transid = UINT64_MAX,
							  .nr_items = 1,
						  } };
	struct btrfs_ioctl_search_header header;
	int r = call(fd, BTRFS_IOC_TREE_SEARCH, &search);

	if (r < 0)
		return r;
	if (search.key.nr_items == 0)
		return -ENOENT;
	memcpy(&header, search.buf, sizeof header);
	if (header.len > sizeof search.buf - sizeof header)
		return -EIO;
	take_item(quota, type, search.buf + sizeof header, header.len);
	return 0;
}

int subvolume_read_quota(int fd, struct subvolume_quota *quota)
{
	struct subvolume_quota found = { .referenced_limit = UINT64_MAX,
					 .exclusive_limit = UINT64_MAX };
	struct btrfs_ioctl_get_subvol_info_args info;
	int r = read_info(fd, &info);

	if (r == 0)
		r = read_item(fd, info.treeid, BTRFS_QGROUP_INFO_KEY, &found);
	if (r < 0)
		return r;
	r = read_item(fd, info.treeid, BTRFS_QGROUP_LIMIT_KEY, &found);
	if (r < 0 && r != -ENOENT)
		return r;
	*quota = found;
	return 0;
}

int subvolume_set_limit(int fd, uint64_t bytes)
{
	struct btrfs_ioctl_qgroup_limit_args arguments = {
		.lim = { .flags = BTRFS_QGROUP_LIMIT_MAX_RFER, .max_rfer = bytes },
	};
	struct btrfs_ioctl_get_subvol_info_args info;
	int r = read_info(fd, &info);

	if (r < 0)
		return r;
	arguments.qgroupid = info.treeid;
	return call(fd, BTRFS_IOC_QGROUP_LIMIT, &arguments);
}
