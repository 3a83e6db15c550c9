/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/known_path.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/lines.h"
#include "base/mountinfo.h"
#include "base/proc_file.h"
#include "base/resolved_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The id of the mount that a file was opened on, or -1. statfs(2) would ask a server. */
static int read_mount_id(int fd)
{
	CLEANUP_FREE char *text = NULL;
	const char *line;
	char path[64];
	int id;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	text = file_read_text(path);
	line = text ? strstr(text, "\nmnt_id:") : NULL;
	return line && sscanf(line, "\nmnt_id: %d", &id) == 1 ? id : -1;
}

/* Whether the file system needs neither a server nor an automounter. One over others, as overlay, may. */
static bool is_local_type(const char *type)
{
	static const char *const types[] = { "btrfs", "ext2", "ext3", "ext4", "f2fs",
					     "tmpfs", "vfat", "xfs",  "zfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool is_on_local_file_system(int fd)
{
	CLEANUP_FREE char *mountinfo = file_read_text("/proc/self/mountinfo");
	int wanted = read_mount_id(fd), id;

	for (char *line, *rest = mountinfo; wanted >= 0 && (line = line_next(&rest));) {
		struct mount mount;

		if (sscanf(line, "%d", &id) == 1 && id == wanted)
			return mount_parse(line, &mount) && is_local_type(mount.type);
	}
	return false;
}

static int resolve_name(int directory, const char *name, uint64_t resolve)
{
	return resolved_open(directory, name, O_PATH,
			     resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/*
 * Open a name of a directory. With O_PATH alone, the kernel doesn't mount what an automounter would. What is
 * mounted on the name may be a server's.
 */
static int open_name(int directory, const char *name)
{
	int fd = resolve_name(directory, name, RESOLVE_CACHED);

	if (fd == -EAGAIN && is_on_local_file_system(directory)) {
		fd = resolve_name(directory, name, RESOLVE_NO_XDEV);
		/* By now the kernel knows the directory's list. */
		if (fd == -EXDEV)
			fd = resolve_name(directory, name, RESOLVE_CACHED);
	}
	/* -ELOOP: a link, which may lead anywhere. */
	return fd == -EAGAIN || fd == -EXDEV || fd == -ELOOP ? -EREMOTE : fd;
}

/* Walk name by name, so that the file system is known in which the next name is looked up. */
static int walk(const char *path)
{
	int fd = open("/", O_PATH | O_CLOEXEC), next;

	if (fd < 0)
		return -errno;
	for (path += strspn(path, "/"); fd >= 0 && *path; path += strspn(path, "/")) {
		char name[NAME_MAX + 1];
		size_t length = strcspn(path, "/");

		snprintf(name, sizeof name, "%.*s", (int) length, path);
		next = length > NAME_MAX	 ? -ENAMETOOLONG
		       : strcmp(name, "..") == 0 ? -EREMOTE
						 : open_name(fd, name);
		close(fd);
		fd = next;
		path += length;
	}
	return fd;
}

int known_path_open(const char *path)
{
	int fd = resolved_open(AT_FDCWD, path, O_PATH, RESOLVE_CACHED);

	/*
	 * The kernel says so as well of a local file system: of one that looks again at each name, as vfat, and
	 * where it has to read a directory's access control list.
	 */
	if (fd == -EAGAIN)
		return walk(path);
	/* Before Linux 5.12, and before 5.6. */
	if (fd == -EINVAL || fd == -ENOSYS)
		fd = open(path, O_PATH | O_CLOEXEC);
	return fd;
}
