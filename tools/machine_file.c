/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine_file.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "registry/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int machine_root_open(const struct machine *machine, const struct registry_origin *origin)
{
	CLEANUP_CLOSE int pidfd = -1;
	char path[PROC_PATH_SIZE];
	int root;

	if (machine->class == MACHINE_VM)
		return -EOPNOTSUPP;
	pidfd = leader_open(&machine->leader, origin);
	if (pidfd < 0)
		return pidfd;
	proc_path(path, machine->leader.pid, "root");
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	/* Only then was the pid its own when the path was opened. */
	if (!leader_is_running(pidfd)) {
		close(root);
		return -ESRCH;
	}
	return root;
}

bool machine_root_is_hosts(int root)
{
	struct stat theirs, ours;

	return fstat(root, &theirs) == 0 && stat("/", &ours) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

int machine_path_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int) (flags | O_CLOEXEC),
		/* A visitor can't get out of its root, whatever links there are. */
		.resolve = RESOLVE_NO_MAGICLINKS | (root == VISITOR_ROOT ? 0 : RESOLVE_IN_ROOT),
	};
	int fd, tries = 16;

	if (!(flags & O_PATH))
		how.flags |= O_NOCTTY | O_NONBLOCK;
	/* It gives up when something is renamed meanwhile, which the machine may do all the time. */
	do
		fd = (int) syscall(SYS_openat2, root, path, &how, sizeof how);
	while (fd < 0 && errno == EAGAIN && --tries);
	return fd < 0 ? -errno : fd;
}

int machine_file_open(int root, const char *path, int flags)
{
	CLEANUP_CLOSE int found = machine_path_open(root, path, O_PATH);
	char link[PROC_PATH_SIZE];
	struct stat st;
	int fd;

	if (found < 0)
		return found;
	/* To open a device does something, and to open a FIFO waits: look at it before. */
	if (fstat(found, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ENXIO;
	snprintf(link, sizeof link, "/proc/self/fd/%d", found);
	/* O_NONBLOCK: somebody may have a lease on it, fcntl(2). */
	fd = open(link, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t machine_file_read(int root, const char *path, char *text, size_t size)
{
	CLEANUP_CLOSE int fd = machine_file_open(root, path, O_RDONLY);
	size_t length = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* /proc/kmsg says so of itself, for one. */
	if (st.st_size == 0) {
		text[0] = '\0';
		return 0;
	}
	while (length < size && (n = read(fd, text + length, size - length)) > 0)
		length += (size_t) n;
	if (length == size)
		return -EFBIG;
	if (n < 0)
		return -errno;
	text[length] = '\0';
	return (ssize_t) length;
}
