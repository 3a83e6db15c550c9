/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/mount_tree.h"

#include "base/pidfd.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/process.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Where the mount is for a moment, in a file system of its own. */
#define OWN_NAME "tree"

/* 0 or a negative errno. */
static int set_attributes(int tree, uint64_t flags, uint64_t propagation, int user)
{
	struct mount_attr attributes = {
		.attr_set = flags,
		.propagation = propagation,
		.userns_fd = (uint64_t) user,
	};

	return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
		       sizeof attributes) < 0
		       ? -errno
		       : 0;
}

/* Map owners, so that files keep their numbers, whatever these are in the machine. */
static int map_owners(const struct mount_tree *tree, const char *quoted, const struct entrance *e,
		      struct notices *notices, struct failure *f)
{
	char path[PROC_PATH_SIZE];
	CLEANUP_CLOSE int user = -1;
	int r;

	if (!(e->namespaces & CLONE_NEWUSER))
		return 0;
	proc_path(path, e->leader, "ns/user");
	user = open(path, O_RDONLY | O_CLOEXEC);
	if (user < 0 || !pidfd_is_alive(e->pidfd))
		return failure_errno(f, user < 0 ? -errno : -ESRCH,
				     "%s: cannot open its user namespace", e->machine);
	r = set_attributes(tree->fd, MOUNT_ATTR_IDMAP, 0, user);
	if (r == -EINVAL || r == -EOPNOTSUPP || r == -EPERM) {
		notices_add(notices, NOTICE_WARNING,
			    "%s: this file system can't map owners, so all files belong to nobody "
			    "in the machine",
			    quoted);
		return 0;
	}
	return r < 0 ? failure_errno(f, r, "%s: cannot map its owners", quoted) : 0;
}

int mount_tree_open(struct mount_tree *tree, const char *path, bool is_read_only,
		    const struct entrance *entrance, struct notices *notices, struct failure *f)
{
	uint64_t flags = is_read_only ? MOUNT_ATTR_RDONLY : 0;
	char quoted[QUOTED_SIZE];
	struct stat st;
	int r;

	quote(path, quoted);
	tree->fd = (int) syscall(SYS_open_tree, AT_FDCWD, path,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	r = tree->fd < 0 || fstat(tree->fd, &st) < 0 ? -errno : 0;
	if (r == 0 && S_ISLNK(st.st_mode))
		r = -ELOOP;
	if (r < 0)
		return failure_errno(f, r, "%s: cannot open it", quoted);
	tree->type = st.st_mode & S_IFMT;
	/* Later mounts below it, on either side, stay on that side. */
	r = set_attributes(tree->fd, flags, MS_PRIVATE, 0);
	if (r < 0)
		return failure_errno(f, r, "%s: cannot set up the mount", quoted);
	return map_owners(tree, quoted, entrance, notices, f);
}

int mount_tree_attach(int tree, int directory, const char *path)
{
	unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	return syscall(SYS_move_mount, tree, "", directory, path, flags) < 0 ? -errno : 0;
}

int mount_point_make(int directory, const char *name, mode_t type)
{
	CLEANUP_CLOSE int fd = -1;

	if (S_ISDIR(type))
		return mkdirat(directory, name, 0755) < 0 ? -errno : 0;
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : 0;
}

/* Mount an empty file system in the child's own mount namespace, and go there. 0 or a negative errno. */
static int enter_own_file_system(void)
{
	CLEANUP_CLOSE int context = (int) syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	CLEANUP_CLOSE int directory = -1;
	int r;

	if (context < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	directory = (int) syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (directory < 0)
		return -errno;
	r = mount_tree_attach(directory, AT_FDCWD, "/");
	if (r == 0 && fchdir(directory) < 0)
		r = -errno;
	return r;
}

/*
 * The machine's root could change the mount's attributes, above all that it is read-only, and
 * unmount what is mounted below it, unless the mount is locked: mount_namespaces(7). Mounts
 * are locked when a mount namespace is copied into a less privileged user namespace, but not
 * when they are attached. So attach it in a namespace of our own, copy that namespace
 * in the machine's user namespace, and take the mount from that copy.
 */
int mount_tree_lock(const struct mount_tree *tree, int owner)
{
	int r, copy;

	if (unshare(CLONE_NEWNS) < 0 ||
	    syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	r = enter_own_file_system();
	if (r == 0)
		r = mount_point_make(AT_FDCWD, OWN_NAME, tree->type);
	if (r == 0)
		r = mount_tree_attach(tree->fd, AT_FDCWD, OWN_NAME);
	if (r < 0)
		return r;
	if (setns(owner, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
		return -errno;
	copy = (int) syscall(SYS_open_tree, AT_FDCWD, OWN_NAME,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	return copy < 0 ? -errno : copy;
}
