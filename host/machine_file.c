/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machine_file.h"

#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "base/resolved_open.h"
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int process_root_open(uint32_t pid)
{
	char path[PROC_PATH_SIZE];
	int root;

	proc_path(path, pid, "root");
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -errno : root;
}

int machine_root_open(const struct machine *machine, const struct pid_context *context)
{
	CLEANUP_CLOSE int pidfd = -1;
	int root;

	if (machine->class == MACHINE_VM)
		return -EOPNOTSUPP;
	pidfd = leader_open(&machine->leader, context);
	if (pidfd < 0)
		return pidfd;
	root = process_root_open(machine->leader.pid);
	if (root < 0)
		return root;
	/* If the leader lives, its pid was its own when the path was opened. */
	if (!pidfd_is_alive(pidfd)) {
		close(root);
		return -ESRCH;
	}
	return root;
}

bool machine_root_is_hosts(int root)
{
	struct file_identity theirs, ours;

	return file_identity_read(root, "", &theirs) == 0 &&
	       file_identity_read(AT_FDCWD, "/", &ours) == 0 && file_identities_equal(theirs, ours);
}

int machine_path_open(int root, const char *path, int flags)
{
	/* A visitor can't leave its root directory by any link. */
	uint64_t resolve = RESOLVE_NO_MAGICLINKS | (root == VISITOR_ROOT ? 0 : RESOLVE_IN_ROOT);

	if (!(flags & O_PATH))
		flags |= O_NOCTTY | O_NONBLOCK;
	return resolved_open(root, path, flags, resolve);
}

/* Open a plain file for reading, from outside. */
static int open_plain(int root, const char *path)
{
	CLEANUP_CLOSE int found = machine_path_open(root, path, O_PATH);
	char link[PROC_PATH_SIZE];
	struct stat st;
	int fd;

	if (found < 0)
		return found;
	/* Look first: opening a device has effects, and opening a FIFO waits. */
	if (fstat(found, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ENXIO;
	snprintf(link, sizeof link, "/proc/self/fd/%d", found);
	/* O_NONBLOCK: somebody may have a lease on it, fcntl(2). */
	fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t machine_file_read_head(int root, const char *path, void *bytes, size_t size)
{
	CLEANUP_CLOSE int fd = open_plain(root, path);
	size_t length = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* Reading files of the kernel may change something: /proc/kmsg. Their size is 0. */
	if (st.st_size == 0)
		return 0;
	while (length < size && n > 0) {
		n = read(fd, (char *) bytes + length, size - length);
		length += n > 0 ? (size_t) n : 0;
	}
	return n < 0 ? -errno : (ssize_t) length;
}

ssize_t machine_file_read(int root, const char *path, char *text, size_t size)
{
	ssize_t length = machine_file_read_head(root, path, text, size);

	if (length < 0)
		return length;
	if (length == (ssize_t) size)
		return -EFBIG;
	text[length] = '\0';
	return length;
}
