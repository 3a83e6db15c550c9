/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/resolved_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Some milliseconds at most. */
#define TRIES 1000

int resolved_open(int directory, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t) (flags | O_CLOEXEC), .resolve = resolve };
	int fd, tries = TRIES;

	do
		fd = (int) syscall(SYS_openat2, directory, path, &how, sizeof how);
	while (fd < 0 && errno == EAGAIN && --tries);
	return fd < 0 ? -errno : fd;
}
