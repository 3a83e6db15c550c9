/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/bind_target.h"

#include "base/cleanup.h"
#include "host/machine_file.h"
#include "tools/enter/mount_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int make_path(const struct bind_target *target, char *path, mode_t type);

/* Open the directory in which the last name of a path is. `slash` is in front of that. */
static int make_parent(const struct bind_target *target, char *path, char *slash)
{
	int parent;

	if (slash == path || !slash)
		return machine_path_open(VISITOR_ROOT, "/", O_PATH);
	*slash = '\0';
	parent = make_path(target, path, S_IFDIR);
	*slash = '/';
	return parent;
}

/* Open a path, and make what is missing of it. A descriptor, or a negative errno. */
static int make_path(const struct bind_target *target, char *path, mode_t type)
{
	CLEANUP_CLOSE int parent = -1;
	int fd = machine_path_open(VISITOR_ROOT, path, O_PATH), r;
	size_t length = strlen(path);
	const char *name;
	char *slash;

	if (fd != -ENOENT)
		return fd;
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	slash = strrchr(path, '/');
	name = slash ? slash + 1 : path;
	parent = make_parent(target, path, slash);
	if (parent < 0)
		return parent;
	/* A link that leads nowhere exists, but can't be opened. */
	r = mount_point_make(parent, name, type);
	if (r == 0 && target->is_owned &&
	    fchownat(parent, name, target->uid, target->gid, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r < 0 ? r : machine_path_open(VISITOR_ROOT, path, O_PATH);
}

static int open_path(const struct bind_target *target)
{
	char path[PATH_MAX];

	if (!target->may_make)
		return machine_path_open(VISITOR_ROOT, target->path, O_PATH);
	if (strlen(target->path) >= sizeof path)
		return -ENAMETOOLONG;
	strcpy(path, target->path);
	return make_path(target, path, target->type);
}

int bind_target_open(const struct bind_target *target, struct failure *f)
{
	int fd = open_path(target);
	struct stat st;

	if (fd == -ENOENT && !target->may_make)
		return failure_set(f, FAILURE_NO_SUCH_FILE, "%s; --mkdir makes it", strerror(-fd));
	if (fd < 0) {
		failure_set(f, failure_kind_of(fd), "%s", strerror(-fd));
		f->error = fd;
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) == S_ISDIR(target->type))
		return fd;
	close(fd);
	return failure_errno(f, S_ISDIR(target->type) ? -ENOTDIR : -EISDIR, "cannot mount there");
}
