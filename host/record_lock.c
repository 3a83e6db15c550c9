/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/record_lock.h"

#include "base/cleanup.h"
#include "registry/file.h"

#include <errno.h>
#include <fcntl.h>

static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static int take(const char *path, struct flock lock, bool wait, int *fd)
{
	for (;;) {
		CLEANUP_CLOSE int taken =
			open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (taken < 0)
			return -errno;
		if (fcntl(taken, wait ? F_SETLKW : F_SETLK, &lock) < 0)
			return errno == EACCES ? -EAGAIN : -errno;
		/* The directory may have been removed meanwhile, and the file with it. */
		if (file_is_at(taken, path)) {
			*fd = taken;
			taken = -1;
			return 0;
		}
	}
}

int record_lock_take(const char *path, bool wait, int *fd)
{
	return take(path, whole_file(), wait, fd);
}

int record_lock_take_one(const char *path, uint64_t number, int *fd)
{
	struct flock lock = whole_file();

	lock.l_start = (off_t) number;
	lock.l_len = 1;
	return take(path, lock, true, fd);
}

int record_lock_is_held(const char *path, pid_t *pid)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = whole_file();

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	*pid = lock.l_type == F_UNLCK || lock.l_pid < 0 ? 0 : lock.l_pid;
	return lock.l_type != F_UNLCK;
}
