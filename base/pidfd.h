/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes by their descriptors: pidfd_open(2). In a header, because plug-ins use it. */
#pragma once

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PIDFS_MAGIC 0x50494446 /* include/uapi/linux/magic.h, Linux 6.9 */

/* Returns a new descriptor of a process, closed on exec, or a negative errno. */
static inline int pidfd_of(pid_t pid)
{
	int fd = (int) syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

/* Whether the process has ended: 1, 0 or a negative errno. */
static inline int pidfd_has_ended(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int r;

	/* A signal interrupts poll(2) also where it would not wait. */
	do
		r = poll(&poller, 1, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/*
 * Whether the process still runs. If it does, its pid has belonged to it since the
 * pidfd was opened.
 */
static inline bool pidfd_is_alive(int pidfd)
{
	return pidfd_has_ended(pidfd) == 0;
}

/* The descriptor's inode, which no other process has while the system runs; 0 before Linux 6.9. */
static inline uint64_t pidfd_inode(int pidfd)
{
	struct statfs fs;
	struct stat st;

	/* Before pidfs, all pidfds shared one inode. */
	if (fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(pidfd, &st) < 0)
		return 0;
	return st.st_ino;
}

/* Send a signal to the process. 0 or a negative errno: -ESRCH if it has died. */
static inline int pidfd_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}
