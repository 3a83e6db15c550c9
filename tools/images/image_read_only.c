/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_read_only.h"

#include "tools/images/file_flags.h"
#include "tools/images/subvolume.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

static bool has_read_only_mark(int fd, enum image_kind kind, const struct stat *st)
{
	unsigned int flags = 0;
	bool read_only = false;
	int value = 0;

	switch (kind) {
	case IMAGE_SUBVOLUME: return subvolume_is_read_only(fd, &read_only) == 0 && read_only;
	case IMAGE_DIRECTORY: return file_flags_read(fd, &flags) == 0 && flags & FS_IMMUTABLE_FL;
	case IMAGE_RAW: return !(st->st_mode & 0222);
	case IMAGE_BLOCK: return ioctl(fd, BLKROGET, &value) == 0 && value;
	}
	return false;
}

bool image_fd_is_read_only(int fd, enum image_kind kind, const struct stat *st)
{
	struct statvfs fs;

	if (has_read_only_mark(fd, kind, st))
		return true;
	/* Skip devices: the file system of a device's file doesn't matter for the device. */
	return kind != IMAGE_BLOCK && fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

static int set_file_mode(int fd, bool read_only)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	st.st_mode = read_only ? st.st_mode & 07555 : (st.st_mode & 07777) | 0200;
	return fchmod(fd, st.st_mode & 07777) < 0 ? -errno : 0;
}

int image_fd_set_read_only(int fd, enum image_kind kind, bool read_only)
{
	int value = read_only;

	switch (kind) {
	case IMAGE_SUBVOLUME: return subvolume_set_read_only(fd, read_only);
	case IMAGE_DIRECTORY:
		return file_flags_change(fd, FS_IMMUTABLE_FL, read_only ? FS_IMMUTABLE_FL : 0);
	case IMAGE_RAW: return set_file_mode(fd, read_only);
	case IMAGE_BLOCK: return ioctl(fd, BLKROSET, &value) < 0 ? -errno : 0;
	}
	return -EINVAL;
}
