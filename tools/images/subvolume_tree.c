/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/subvolume_tree.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/resolved_open.h"
#include "tools/images/subvolume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level takes a few descriptors, and a process has 1024. */
#define DEPTH_MAX 100

struct snapshotting {
	struct file_identity left_out;
	int depth;
	struct failure *failure;
};

static int snapshot_all(struct snapshotting *s, int source, int copy);

/*
 * Open a directory below another. Whoever can write to the source could put a link into the path,
 * so no link is followed and no mount entered. A descriptor or a negative errno.
 */
static int open_below(int directory, const char *path)
{
	return resolved_open(directory, *path ? path : ".", O_RDONLY | O_DIRECTORY,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

static int snapshot_failure(const struct snapshotting *s, int error,
			    const struct btrfs_ioctl_ino_lookup_user_args *below)
{
	char path[QUOTED_SIZE], name[QUOTED_SIZE];

	return failure_errno(s->failure, error, "cannot make a snapshot of the subvolume %s%s",
			     *below->path ? quote(below->path, path) : "",
			     quote(below->name, name));
}

static bool is_left_out(const struct snapshotting *s, int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || file_identities_equal(file_identity_of(&st), s->left_out);
}

/* Whether an open directory is the subvolume that was looked up, and not left out. */
static bool is_wanted(const struct snapshotting *s, int parent, int fd, uint64_t treeid)
{
	struct btrfs_ioctl_get_subvol_info_args info = { 0 };

	/* The kernel sometimes returns 1. */
	return fd >= 0 && ioctl(fd, BTRFS_IOC_GET_SUBVOL_INFO, &info) >= 0 &&
	       info.treeid == treeid && !is_left_out(s, fd) && !is_left_out(s, parent);
}

/* A mount point, or the directory that is left out, stays an empty directory in the copy. */
static int make_empty(int source_parent, int copy_parent, const char *name)
{
	struct stat st;

	if (fstatat(source_parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st = (struct stat){ .st_mode = S_IFDIR | 0755 };
	if (mkdirat(copy_parent, name, 0700) < 0 ||
	    fchownat(copy_parent, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(copy_parent, name, st.st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

/* Do the same with the subvolumes in it. Then make it read-only if the original is. */
static int finish_snapshot(struct snapshotting *s, int source, int copy_parent,
			   const struct btrfs_ioctl_ino_lookup_user_args *below)
{
	CLEANUP_CLOSE int copy = open_below(copy_parent, below->name);
	bool read_only = false;
	int r;

	if (copy < 0)
		return snapshot_failure(s, copy, below);
	if (snapshot_all(s, source, copy) < 0)
		return -1;
	r = subvolume_is_read_only(source, &read_only);
	if (r == 0 && read_only)
		r = subvolume_set_read_only(copy, true);
	return r < 0 ? snapshot_failure(s, r, below) : 0;
}

/* Replace the empty directory in the copy. */
static int replace_directory(struct snapshotting *s, int source_parent, int source, int copy_parent,
			     bool wanted, const struct btrfs_ioctl_ino_lookup_user_args *below)
{
	struct stat st;
	int r;

	if (fstat(copy_parent, &st) < 0)
		return snapshot_failure(s, -errno, below);
	/* It was made or removed after the snapshot. */
	if (unlinkat(copy_parent, below->name, AT_REMOVEDIR) < 0)
		return errno == ENOENT ? 0 : snapshot_failure(s, -errno, below);
	r = wanted ? subvolume_snapshot(source, copy_parent, below->name)
		   : make_empty(source_parent, copy_parent, below->name);
	if (r < 0)
		return snapshot_failure(s, r, below);
	if (wanted && finish_snapshot(s, source, copy_parent, below) < 0)
		return -1;
	if (futimens(copy_parent, (const struct timespec[]){ st.st_atim, st.st_mtim }) < 0)
		return snapshot_failure(s, -errno, below);
	return 0;
}

static int snapshot_one(struct snapshotting *s, int source, int copy, uint64_t treeid,
			uint64_t dirid)
{
	struct btrfs_ioctl_ino_lookup_user_args below = { .dirid = dirid, .treeid = treeid };
	CLEANUP_CLOSE int source_parent = -1, source_fd = -1, copy_parent = -1;

	if (ioctl(source, BTRFS_IOC_INO_LOOKUP_USER, &below) < 0)
		return errno == ENOENT ? 0 : snapshot_failure(s, -errno, &below);
	copy_parent = open_below(copy, below.path);
	if (copy_parent < 0)
		return copy_parent == -ENOENT ? 0 : snapshot_failure(s, copy_parent, &below);
	source_parent = open_below(source, below.path);
	if (source_parent >= 0)
		source_fd = open_below(source_parent, below.name);
	return replace_directory(s, source_parent, source_fd, copy_parent,
				 is_wanted(s, source_parent, source_fd, treeid), &below);
}

static int snapshot_all(struct snapshotting *s, int source, int copy)
{
	struct btrfs_ioctl_get_subvol_rootref_args below = { 0 };
	bool has_more;

	if (s->depth == DEPTH_MAX)
		return failure_set(s->failure, FAILURE_INVALID,
				   "cannot make snapshots of subvolumes that are more than %d deep",
				   DEPTH_MAX);
	s->depth++;
	do {
		has_more = false;
		if (ioctl(source, BTRFS_IOC_GET_SUBVOL_ROOTREF, &below) < 0) {
			/* There are more than the buffer holds; the next call continues. */
			if (errno != EOVERFLOW)
				return failure_errno(s->failure, -errno,
						     "cannot look for subvolumes in a subvolume");
			has_more = true;
		}
		for (unsigned int i = 0; i < below.num_items; i++)
			if (snapshot_one(s, source, copy, below.rootref[i].treeid,
					 below.rootref[i].dirid) < 0)
				return -1;
	} while (has_more);
	s->depth--;
	return 0;
}

int subvolume_snapshot_below(int source, int copy, struct file_identity left_out, struct failure *f)
{
	struct snapshotting s = { .left_out = left_out, .failure = f };

	return snapshot_all(&s, source, copy);
}
