/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/tree_writer.h"

#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/quote.h"
#include "base/write_at.h"
#include "tools/images/tree_remove.h"
#include "tools/import/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The mode of directories that no entry describes. */
#define MISSING_MODE 0755

/* The block size of most file systems. */
#define BLOCK_SIZE 4096

/* Open the directory at a path, or make it in its parent. Returns a descriptor or a negative errno. */
static int open_or_make(int root, const char *path, int above, const char *name)
{
	int fd = inside_open_directory(root, path);

	if (fd != -ENOENT)
		return fd;
	if (mkdirat(above, name, MISSING_MODE) < 0)
		return -errno;
	return inside_open_directory(root, path);
}

/* Make the missing directories of a path. Returns a descriptor of the last one, or a negative errno. */
static int make_parents(int root, char *path)
{
	int fd = inside_open_directory(root, "");
	char *name = path, *end;

	do {
		CLEANUP_CLOSE int above = fd;
		char after;

		end = strchrnul(name, '/');
		after = *end;
		*end = '\0';
		fd = open_or_make(root, path, above, name);
		*end = after;
		name = end + 1;
	} while (fd >= 0 && *end);
	return fd;
}

/* Whether what is made in the working directory inherits ACLs from it. */
static bool gives_acl(void)
{
	return getxattr(".", "system.posix_acl_default", NULL, 0) > 0;
}

/* Make the directory the working one. */
static int enter_parent(struct tree_writer *tree, const char *path, struct failure *f)
{
	char copy[PATH_MAX];
	int fd;

	if (tree->parent >= 0 && !tree->parent_is_stale && strcmp(path, tree->parent_path) == 0)
		return 0;
	strcpy(copy, path);
	fd = inside_open_directory(tree->root, path);
	if (fd == -ENOENT)
		fd = make_parents(tree->root, copy);
	if (fd == -EEXIST)
		return failure_set(f, FAILURE_INVALID, "a link on the way leads nowhere");
	if (fd < 0)
		return failure_errno(f, fd, "cannot open the directory that it is in");
	if (tree->parent >= 0)
		close(tree->parent);
	tree->parent = fd;
	tree->parent_is_stale = false;
	strcpy(tree->parent_path, path);
	if (fchdir(fd) < 0)
		return failure_errno(f, -errno, "cannot enter the directory");
	tree->parent_has_acl = gives_acl();
	return 0;
}

/* Change to an entry's directory. Returns the last component of its path, or NULL with a failure. */
static const char *enter_parent_of(struct tree_writer *tree, char *path, struct failure *f)
{
	char *slash = strrchr(path, '/');
	int r;

	if (slash)
		*slash = '\0';
	r = enter_parent(tree, slash ? path : "", f);
	if (slash)
		*slash = '/';
	if (r < 0)
		return NULL;
	return slash ? slash + 1 : path;
}

/* Remove an existing file with the name of the new entry. */
static int make_room(struct tree_writer *tree, const char *name, struct failure *f)
{
	struct stat st;

	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failure_errno(f, -errno, "cannot replace the existing file");
	/* The path of the working directory may contain this name. */
	if (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		tree->parent_is_stale = true;
	return tree_remove(AT_FDCWD, name, f);
}

static int set_owner(struct archive_entry *entry, int fd, const char *name, struct failure *f)
{
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
	int r;

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return failure_set(f, FAILURE_INVALID,
				   "the owner %" PRId64 ":%" PRId64 " is not an id", uid, gid);
	r = fd >= 0 ? fchown(fd, (uid_t) uid, (gid_t) gid)
		    : fchownat(AT_FDCWD, name, (uid_t) uid, (gid_t) gid, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? failure_errno(f, -errno, "cannot give it to %" PRId64 ":%" PRId64, uid, gid)
		     : 0;
}

static mode_t mode_of(struct archive_entry *entry)
{
	return archive_entry_perm(entry) & 07777;
}

static void times_of(struct archive_entry *entry, struct timespec times[static 2])
{
	times[1].tv_sec = archive_entry_mtime(entry);
	times[1].tv_nsec = archive_entry_mtime_nsec(entry);
	times[0] = times[1];
	if (!archive_entry_atime_is_set(entry))
		return;
	times[0].tv_sec = archive_entry_atime(entry);
	times[0].tv_nsec = archive_entry_atime_nsec(entry);
}

/* `may_inherit`: it may have ACLs that the entry doesn't have. */
static int set_owner_mode_attributes(struct tree_writer *tree, struct archive_entry *entry, int fd,
				     bool may_inherit, struct failure *f)
{
	if (set_owner(entry, fd, "", f) < 0)
		return -1;
	if (fchmod(fd, mode_of(entry)) < 0)
		return failure_errno(f, -errno, "cannot set the mode");
	if (may_inherit && attributes_drop_inherited(entry, fd, "", f) < 0)
		return -1;
	return attributes_set(entry, fd, "", &tree->losses, f);
}

static int note_directory(struct tree_writer *tree, struct archive_entry *entry, const char *path,
			  int fd, struct failure *f)
{
	struct timespec times[2];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return failure_errno(f, -errno, "cannot look at the directory");
	times_of(entry, times);
	return noted_directories_add(&tree->directories, path, file_identity_of(&st), times, f);
}

static int describe_directory(struct tree_writer *tree, struct archive_entry *entry,
			      const char *path, int fd, struct failure *f)
{
	/* Or from an earlier entry or layer. */
	if (set_owner_mode_attributes(tree, entry, fd, true, f) < 0 ||
	    note_directory(tree, entry, path, fd, f) < 0)
		return -1;
	/* It may be the working directory, and give ACLs from now on. */
	if (archive_entry_acl_types(entry) || archive_entry_xattr_count(entry))
		tree->parent_is_stale = true;
	return TREE_NO_CONTENTS;
}

static bool is_directory(const char *name)
{
	struct stat st;

	return fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int add_directory(struct tree_writer *tree, struct archive_entry *entry, const char *path,
			 const char *name, struct failure *f)
{
	CLEANUP_CLOSE int fd = -1;

	if (mkdir(name, 0700) < 0) {
		if (errno != EEXIST)
			return failure_errno(f, -errno, "cannot make the directory");
		if (!is_directory(name) &&
		    (make_room(tree, name, f) < 0 ||
		     (mkdir(name, 0700) < 0 &&
		      failure_errno(f, -errno, "cannot make the directory") < 0)))
			return -1;
	}
	fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(f, -errno, "cannot open the directory");
	return describe_directory(tree, entry, path, fd, f);
}

/*
 * Make a file of a kind. Returns 0 or a descriptor, or a negative errno: -EEXIST if the name is
 * taken.
 */
static int make_file(struct archive_entry *entry, const char *name)
{
	mode_t type = archive_entry_filetype(entry);
	dev_t device = type == AE_IFCHR || type == AE_IFBLK ? archive_entry_rdev(entry) : 0;
	int r;

	if (type == AE_IFREG)
		r = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	else if (type == AE_IFLNK)
		r = symlink(archive_entry_symlink(entry) ?: "", name);
	else
		r = mknod(name, type | 0600, device);
	return r < 0 ? -errno : r;
}

/* Refuse kinds of files that libarchive may not have understood. */
static int check_kind(struct archive_entry *entry, struct failure *f)
{
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
	case AE_IFLNK:
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
	case AE_IFSOCK: return 0;
	default: return failure_set(f, FAILURE_INVALID, "its kind is unknown");
	}
}

static int describe_other(struct tree_writer *tree, struct archive_entry *entry, const char *name,
			  struct failure *f)
{
	struct timespec times[2];

	times_of(entry, times);
	if (set_owner(entry, -1, name, f) < 0)
		return -1;
	/* It isn't a link: we have just made it. */
	if (archive_entry_filetype(entry) != AE_IFLNK) {
		if (chmod(name, mode_of(entry)) < 0)
			return failure_errno(f, -errno, "cannot set the mode");
		if (tree->parent_has_acl && attributes_drop_inherited(entry, -1, name, f) < 0)
			return -1;
	}
	if (attributes_set(entry, -1, name, &tree->losses, f) < 0)
		return -1;
	if (utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return failure_errno(f, -errno, "cannot set the time");
	return TREE_NO_CONTENTS;
}

static int add_file(struct tree_writer *tree, struct archive_entry *entry, const char *name,
		    struct failure *f)
{
	mode_t type = archive_entry_filetype(entry);
	bool is_device = type == AE_IFCHR || type == AE_IFBLK;
	int r;

	if (check_kind(entry, f) < 0)
		return -1;
	if (is_device && tree->without_devices) {
		tree->devices++;
		return TREE_NO_CONTENTS;
	}
	r = make_file(entry, name);
	if (r == -EEXIST) {
		if (make_room(tree, name, f) < 0)
			return -1;
		r = make_file(entry, name);
	}
	if (r < 0)
		return failure_errno(f, r, "cannot make it%s",
				     is_device && r == -EPERM ? " (--no-devices leaves devices out)"
							      : "");
	return type == AE_IFREG ? r : describe_other(tree, entry, name, f);
}

/* Open the target of a hard link. If that is a symbolic link, it isn't followed. */
static int open_link_target(struct tree_writer *tree, const char *target, struct failure *f)
{
	char path[PATH_MAX], quoted[QUOTED_SIZE];
	int fd;

	if (tree_path(target, path, f) < 0)
		return failure_prefix(f, "its target");
	fd = *path ? inside_open(tree->root, path, O_PATH | O_NOFOLLOW) : -EISDIR;
	if (fd == -ENOENT)
		return failure_set(f, FAILURE_INVALID,
				   "it is a hard link to '%s', which isn't there",
				   quote(target, quoted));
	return fd < 0 ? failure_errno(f, fd, "hard link to '%s'", quote(target, quoted)) : fd;
}

/*
 * Link by the target's directory and name. Linking by a descriptor would need a capability that
 * also overrides permissions of directories.
 */
static int link_target(struct tree_writer *tree, const char *target, const char *name)
{
	char path[PATH_MAX], *slash;
	struct failure unused;
	CLEANUP_CLOSE int directory = -1;

	if (tree_path(target, path, &unused) < 0)
		return -EINVAL;
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	directory = inside_open_directory(tree->root, slash ? path : "");
	if (directory < 0)
		return directory;
	return linkat(directory, slash ? slash + 1 : path, AT_FDCWD, name, 0) < 0 ? -errno : 0;
}

static int add_hard_link(struct tree_writer *tree, const char *target, const char *name,
			 struct failure *f)
{
	CLEANUP_CLOSE int fd = open_link_target(tree, target, f);
	struct stat to, here;
	int r;

	if (fd < 0)
		return -1;
	r = link_target(tree, target, name);
	if (r == -EEXIST) {
		if (fstat(fd, &to) == 0 &&
		    fstatat(AT_FDCWD, name, &here, AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_same_file(&to, &here))
			return TREE_NO_CONTENTS;
		if (make_room(tree, name, f) < 0)
			return -1;
		r = link_target(tree, target, name);
	}
	return r < 0 ? failure_errno(f, r, "cannot make the hard link") : TREE_NO_CONTENTS;
}

static int add_named(struct tree_writer *tree, struct archive_entry *entry, char *path,
		     struct failure *f)
{
	const char *target = archive_entry_hardlink(entry), *name;
	bool is_dir = !target && archive_entry_filetype(entry) == AE_IFDIR;

	if (!*path)
		return is_dir ? describe_directory(tree, entry, path, tree->root, f)
			      : failure_set(f, FAILURE_INVALID,
					    "the root directory can be only a directory");
	name = enter_parent_of(tree, path, f);
	if (!name)
		return -1;
	if (target)
		return add_hard_link(tree, target, name, f);
	return is_dir ? add_directory(tree, entry, path, name, f) : add_file(tree, entry, name, f);
}

int tree_add(struct tree_writer *tree, struct archive_entry *entry, struct failure *f)
{
	const char *name = archive_entry_pathname(entry);
	char path[PATH_MAX], quoted[QUOTED_SIZE];
	int r;

	if (tree->channel->count.entries++ == tree->limits.entries)
		return failure_set(f, FAILURE_INVALID,
				   "it has more than %" PRIu64
				   " entries; --entries-max= sets the limit",
				   tree->limits.entries);
	if (!name)
		return failure_set(f, FAILURE_INVALID, "an entry has no name");
	r = tree_path(name, path, f);
	if (r == 0)
		r = add_named(tree, entry, path, f);
	return r == -1 ? failure_prefix(f, "entry '%s'", quote(name, quoted)) : r;
}

int tree_write(struct tree_writer *tree, int fd, const void *data, size_t size, int64_t offset,
	       struct failure *f)
{
	/* An archive of few bytes may have one of them in each block of a file with holes. */
	uint64_t space = size < BLOCK_SIZE ? BLOCK_SIZE : size;
	struct progress_count *count = &tree->channel->count;
	char limit[BYTES_TEXT_SIZE];
	int r;

	if (space > tree->limits.bytes - count->space)
		return failure_set(f, FAILURE_INVALID,
				   "its contents are larger than %s; --size-max= sets the limit",
				   bytes_format(tree->limits.bytes, limit));
	count->space += space;
	count->written += size;
	r = write_at(fd, data, size, (uint64_t) offset);
	return r < 0 ? failure_errno(f, r, "cannot write") : 0;
}

static int describe_file(struct tree_writer *tree, int fd, struct archive_entry *entry,
			 struct failure *f)
{
	struct timespec times[2];

	times_of(entry, times);
	/* A file that ends in a hole. */
	if (archive_entry_size_is_set(entry) && ftruncate(fd, archive_entry_size(entry)) < 0)
		return failure_errno(f, -errno, "cannot set the size");
	if (set_owner_mode_attributes(tree, entry, fd, tree->parent_has_acl, f) < 0)
		return -1;
	if (futimens(fd, times) < 0)
		return failure_errno(f, -errno, "cannot set the time");
	return 0;
}

int tree_file_done(struct tree_writer *tree, int fd, struct archive_entry *entry, struct failure *f)
{
	int r = describe_file(tree, fd, entry, f);

	if (close(fd) < 0 && r == 0)
		r = failure_errno(f, -errno, "cannot write");
	return r;
}

int tree_finish(struct tree_writer *tree, struct failure *f)
{
	int r = noted_directories_set_times(&tree->directories, tree->root);

	if (r < 0)
		return failure_errno(f, r, "cannot set the time of a directory");
	if (tree->devices)
		worker_warn(tree->channel, "%" PRIu64 " device%s left out", tree->devices,
			    tree->devices == 1 ? " was" : "s were");
	attributes_report(&tree->losses, tree->channel);
	return 0;
}

void tree_writer_done(struct tree_writer *tree)
{
	noted_directories_done(&tree->directories);
	if (tree->parent >= 0)
		close(tree->parent);
	tree->parent = -1;
}
