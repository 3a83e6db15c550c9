/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/lock.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "registry/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000

static int check_directory(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_mode & (S_IWGRP | S_IWOTH) || st.st_uid != 0 ? -EPERM : 0;
}

int registry_directory_make(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = strchr(copy + 1, '/');; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (mkdir(copy, 0755) == 0)
			/* Everyone may look up names, whatever the umask. */
			chmod(copy, 0755);
		else if (errno != EEXIST)
			return -errno;
		if (!p)
			return check_directory(path);
		*p = '/';
	}
}

int registry_lock_open(int *fd, const char *path)
{
	cleanup_close(fd);
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *fd < 0 ? -errno : 0;
}

static int wait_for_lock(int fd, int64_t deadline)
{
	static const struct timespec pause = { .tv_nsec = 500000 };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_milliseconds(CLOCK_MONOTONIC) >= deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int registry_lock_take(int *fd, const char *path)
{
	const int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + LOCK_WAIT_MS;
	int r = 0;

	while (r == 0) {
		r = wait_for_lock(*fd, deadline);
		/* If somebody has removed the file, a lock on it excludes nobody. */
		if (r < 0 || file_is_at(*fd, path))
			return r;
		r = registry_lock_open(fd, path);
	}
	return r;
}
