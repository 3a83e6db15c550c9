/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor_lock.h"

#include "registry/cleanup.h"
#include "registry/file.h"
#include "registry/writer.h"
#include "tools/message.h"

#include <errno.h>
#include <fcntl.h>

/* Not flock(2): that can't be asked about without taking it, in the way of whoever starts. */
static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

bool monitor_lock_is_there(int fd)
{
	return file_is_at(fd, MONITOR_LOCK_PATH);
}

int monitor_lock_prepare(void)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	int r = writer_prepare(&writer, REGISTRY_DIRECTORY);

	if (r < 0)
		complain_registry(writer.blamed, r);
	return r;
}

int monitor_lock_take(bool wait, int *fd)
{
	for (;;) {
		CLEANUP_CLOSE int taken =
			open(MONITOR_LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		struct flock lock = whole_file();

		if (taken < 0)
			return -errno;
		if (fcntl(taken, wait ? F_SETLKW : F_SETLK, &lock) < 0)
			return errno == EACCES ? -EAGAIN : -errno;
		/* Its directory may have been removed meanwhile. */
		if (monitor_lock_is_there(taken)) {
			*fd = taken;
			taken = -1;
			return 0;
		}
	}
}

int monitor_is_running(pid_t *pid)
{
	CLEANUP_CLOSE int fd = open(MONITOR_LOCK_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = whole_file();

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	*pid = lock.l_type == F_UNLCK || lock.l_pid < 0 ? 0 : lock.l_pid;
	return lock.l_type != F_UNLCK;
}
