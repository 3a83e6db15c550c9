/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_draft.h"

#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/quote.h"
#include "tools/images/hidden_name.h"
#include "tools/images/image_place.h"
#include "tools/images/image_pool.h"
#include "tools/images/image_read_only.h"
#include "tools/images/image_remove.h"
#include "tools/images/side_files.h"
#include "tools/images/subvolume.h"
#include "tools/images/tree_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* How many times another process may remove our new draft, which it takes for an old one. */
#define ATTEMPTS 100

/* The name of the file in the pool for an image of this name and kind. */
static void format_file(char file[static NAME_MAX + 1], const char *name, enum image_kind kind)
{
	snprintf(file, NAME_MAX + 1, "%s%s", name, kind == IMAGE_RAW ? ".raw" : "");
}

static int make_directory(int pool, const char *hidden)
{
	int fd, r = subvolume_create(pool, hidden);

	if (r == -EEXIST)
		return r;
	/* Make a directory, also in a container that may not make subvolumes. */
	if (r < 0 && mkdirat(pool, hidden, 0700) < 0)
		return -errno;
	fd = openat(pool, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0700) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int make_file(int pool, const char *hidden)
{
	int fd = openat(pool, hidden, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int make_empty(int pool, const char *hidden, void *data)
{
	const enum image_kind *kind = data;
	int fd = *kind == IMAGE_RAW ? make_file(pool, hidden) : make_directory(pool, hidden);

	/* Remove ACLs that come from the pool's default ACL: an image doesn't have them. */
	if (fd >= 0) {
		(void) fremovexattr(fd, "system.posix_acl_default");
		(void) fremovexattr(fd, "system.posix_acl_access");
	}
	return fd;
}

/* Lock a new draft. -ESTALE if another process has removed it, as one that nobody uses. */
static int lock_draft(int pool, const char *hidden, int fd)
{
	struct stat here, there;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -ESTALE : -errno;
	if (fstat(fd, &here) < 0)
		return -errno;
	if (fstatat(pool, hidden, &there, AT_SYMLINK_NOFOLLOW) < 0 || !is_same_file(&here, &there))
		return -ESTALE;
	return 0;
}

/* If the directory is a subvolume now, the mark is another one. */
static void correct_kind(struct image_draft *draft)
{
	struct stat st;

	if (draft->kind == IMAGE_DIRECTORY && fstat(draft->fd, &st) == 0 &&
	    is_subvolume(draft->fd, &st))
		draft->kind = IMAGE_SUBVOLUME;
}

/* Make something under a hidden name, and lock it. Returns a descriptor or a negative errno. */
static int make_hidden(const struct image_draft *draft, char *hidden, image_maker *maker,
		       void *data)
{
	int r = -ESTALE;

	/* Another process that cleans the pool may remove it before it is open, and before it is locked. */
	for (int i = 0; i < ATTEMPTS && (r == -ESTALE || r == -EEXIST || r == -ENOENT); i++) {
		struct failure ignored;
		int fd;

		hidden_name_make(hidden, draft->name, HIDDEN_DRAFT);
		fd = maker(draft->pool, hidden, data);
		r = fd < 0 ? fd : lock_draft(draft->pool, hidden, fd);
		if (r == 0)
			return fd;
		if (fd >= 0)
			close(fd);
		if (r != -EEXIST && r != -ESTALE && r != -ENOENT &&
		    tree_remove(draft->pool, hidden, &ignored) < 0)
			break;
	}
	hidden[0] = 0;
	return r;
}

/* 0 or a negative errno. */
static int make_draft(struct image_draft *draft, image_maker *maker, void *data)
{
	draft->fd = make_hidden(draft, draft->hidden, maker, data);
	if (draft->fd < 0) {
		int r = draft->fd;

		draft->fd = -1;
		return r;
	}
	correct_kind(draft);
	return 0;
}

/*
 * Find an existing image of this name, if it may be replaced. Returns 1; 0 if it doesn't exist; -1
 * with a failure.
 */
static int find_former(struct arena *arena, const struct image_draft *draft, struct image *former,
		       struct failure *f)
{
	char quoted[QUOTED_SIZE];

	if (image_find(arena, draft->name, former, f) < 0)
		return f->kind == FAILURE_NO_IMAGE ? 0 : -1;
	if (!draft->replaces)
		return failure_set(f, FAILURE_EXISTS, "there is an image '%s' already, %s",
				   quote(draft->name, quoted), former->path);
	if (!former->is_in_pool)
		return failure_set(
			f, FAILURE_EXISTS,
			"the image %s is not in %s: it can't be replaced, and would hide "
			"the new one",
			former->path, IMAGE_POOL);
	return 1;
}

/* Fail early if the name is taken. It is checked again when the draft gets its name. */
static int check_name(const struct image_draft *draft, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct image_lock lock;
	struct image former;
	int r = find_former(&arena, draft, &former, f);

	if (r <= 0)
		return r;
	/* The existing image can be used until the new one is complete. */
	if (image_lock(&lock, former.path, IMAGE_LOCK_EXCLUSIVE, f) < 0)
		/* Another process has removed it meanwhile. */
		return f->error == -ENOENT ? 0 : -1;
	image_unlock(&lock);
	return 0;
}

int image_draft_begin_with(struct image_draft *draft, int pool, const char *name,
			   enum image_kind kind, bool replaces, image_maker *maker, void *data,
			   struct failure *f)
{
	char quoted[QUOTED_SIZE];
	int r;

	*draft = IMAGE_DRAFT_NONE;
	if (image_name_check_new(name, kind, f) < 0)
		return -1;
	draft->pool = pool;
	draft->kind = kind;
	draft->replaces = replaces;
	strcpy(draft->name, name);
	if (image_lock_name(&draft->lock, name, f) < 0)
		return -1;
	r = check_name(draft, f);
	if (r == 0) {
		/*
		 * Remove the drafts of killed processes. We hold the lock of the name, so nobody
		 * else makes such an image now.
		 */
		image_remove_leftovers(pool, name, NULL);
		r = make_draft(draft, maker, data);
		if (r < 0)
			failure_errno(f, r, "cannot begin an image '%s' in %s", quote(name, quoted),
				      IMAGE_POOL);
	}
	if (r < 0)
		image_draft_done(draft);
	return r < 0 ? -1 : 0;
}

int image_draft_begin(struct image_draft *draft, int pool, const char *name, enum image_kind kind,
		      bool replaces, struct failure *f)
{
	return image_draft_begin_with(draft, pool, name, kind, replaces, make_empty, &kind, f);
}

int image_draft_add(struct image_draft *draft, enum image_kind kind, const char *ending,
		    struct failure *f)
{
	struct image_draft_part *part = &draft->parts[draft->n_parts];

	if (draft->n_parts == IMAGE_DRAFT_PARTS_MAX)
		return failure_set(f, FAILURE_TOO_MANY,
				   "there are too many files beside the image");
	part->ending = ending;
	part->fd = make_hidden(draft, part->hidden, make_empty, &kind);
	if (part->fd < 0)
		return failure_errno(f, part->fd, "cannot make a file in %s", IMAGE_POOL);
	draft->n_parts++;
	return part->fd;
}

/* Write everything to the disk first. Otherwise a crash could leave an incomplete image with its name. */
static int sync_draft(const struct image_draft *draft)
{
	int r = draft->kind == IMAGE_RAW ? fsync(draft->fd) : syncfs(draft->fd);

	for (size_t i = 0; i < draft->n_parts && r == 0; i++)
		if (draft->parts[i].ending)
			r = fsync(draft->parts[i].fd);
	return r < 0 ? -errno : 0;
}

static int rename_at(int pool, const char *from, const char *to, unsigned int flags)
{
	return syscall(SYS_renameat2, pool, from, pool, to, flags) < 0 ? -errno : 0;
}

/* The file name of the existing image in the pool. */
static const char *former_file(const struct image *former)
{
	return strrchr(former->path, '/') + 1;
}

/*
 * Replace an image that has another file name. If that can't be renamed, because it is a mount point,
 * hide the draft again.
 */
static int place_beside(const struct image_draft *draft, const char *file,
			const struct image *former, const char *leftover)
{
	int r = rename_at(draft->pool, draft->hidden, file, RENAME_NOREPLACE);

	if (r < 0)
		return r;
	r = rename_at(draft->pool, former_file(former), leftover, RENAME_NOREPLACE);
	if (r < 0)
		(void) rename_at(draft->pool, file, draft->hidden, RENAME_NOREPLACE);
	return r;
}

/*
 * Give the draft its name. An image that it replaces gets a hidden name, which is put in
 * `leftover`. The exchange is one step; if the kinds differ, so do the files, and there are two.
 */
static int place(struct image_draft *draft, const struct image *former, char *leftover)
{
	char file[NAME_MAX + 1];
	int r;

	format_file(file, draft->name, draft->kind);
	if (!former)
		return rename_at(draft->pool, draft->hidden, file, RENAME_NOREPLACE);
	hidden_name_make(leftover, draft->name, HIDDEN_DRAFT);
	if (strcmp(file, former_file(former)) != 0)
		return place_beside(draft, file, former, leftover);
	r = rename_at(draft->pool, draft->hidden, file, RENAME_EXCHANGE);
	if (r == 0)
		strcpy(leftover, draft->hidden);
	return r;
}

/* Give the draft its name, in place of an existing image. 0 or a negative errno. */
static int replace(struct image_draft *draft, const struct image *former, char *leftover)
{
	struct image_place at = { draft->pool, former_file(former) };
	bool was_immutable = image_place_make_movable(&at);
	int r = place(draft, former, leftover);

	if (r < 0 && was_immutable)
		image_place_make_immutable(&at);
	return r;
}

/* Give the side files their names. */
static int place_parts(struct image_draft *draft, struct failure *f)
{
	for (size_t i = 0; i < draft->n_parts; i++) {
		struct image_draft_part *part = &draft->parts[i];
		char file[2 * NAME_MAX];

		if (!part->ending)
			continue;
		snprintf(file, sizeof file, "%s%s", draft->name, part->ending);
		if (renameat(draft->pool, part->hidden, draft->pool, file) < 0)
			return failure_errno(f, -errno, "cannot give a file its name '%s%s'",
					     draft->name, part->ending);
		part->hidden[0] = 0;
	}
	return 0;
}

/* Remove the side files that have their names already, if the image can't get its own. */
static void remove_placed_parts(const struct image_draft *draft)
{
	for (size_t i = 0; i < draft->n_parts; i++) {
		const struct image_draft_part *part = &draft->parts[i];
		char file[2 * NAME_MAX];

		snprintf(file, sizeof file, "%s%s", draft->name, part->ending ? part->ending : "");
		if (part->ending && !part->hidden[0])
			unlinkat(draft->pool, file, 0);
	}
}

/*
 * A new image gets its name after its side files. If it replaces another, they get theirs just
 * after it, because until then the existing ones describe the old image.
 */
static int place_new(struct image_draft *draft, char *leftover, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	int r = place_parts(draft, f) < 0 ? -1 : 0;

	if (r == 0) {
		r = place(draft, NULL, leftover);
		if (r < 0)
			failure_errno(f, r, "cannot give the image its name '%s'",
				      quote(draft->name, quoted));
	}
	if (r < 0)
		remove_placed_parts(draft);
	return r < 0 ? -1 : 0;
}

static int place_draft(struct image_draft *draft, char *leftover, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	char quoted[QUOTED_SIZE];
	struct image former;
	int r = find_former(&arena, draft, &former, f);

	if (r == 0)
		return place_new(draft, leftover, f);
	if (r < 0 || image_lock(&lock, former.path, IMAGE_LOCK_EXCLUSIVE, f) < 0)
		return -1;
	r = replace(draft, &former, leftover);
	if (r < 0)
		return failure_errno(f, r, "cannot give the image its name '%s'",
				     quote(draft->name, quoted));
	return 0;
}

static void mark_read_only(const struct image_draft *draft, struct notices *notices)
{
	int r = image_fd_set_read_only(draft->fd, draft->kind, true);
	char quoted[QUOTED_SIZE];

	if (r < 0)
		notices_add(notices, NOTICE_WARNING,
			    "the image '%s' is complete, but can't be marked read-only here: %s",
			    quote(draft->name, quoted), strerror(-r));
}

int image_draft_commit(struct image_draft *draft, bool read_only, struct notices *notices,
		       struct failure *f)
{
	char leftover[NAME_MAX + 1] = "";
	struct failure failure;
	int r = sync_draft(draft);

	if (r < 0)
		return failure_errno(f, r, "cannot write the image to the disk");
	if (place_draft(draft, leftover, f) < 0)
		return -1;
	draft->hidden[0] = 0;
	fsync(draft->pool);
	/* Mark it after the renaming, because an immutable directory can't be renamed. */
	if (read_only)
		mark_read_only(draft, notices);
	if (!leftover[0])
		return 0;
	side_files_remove_checks(draft->pool, draft->name);
	if (place_parts(draft, &failure) < 0)
		notices_add_failure(notices, &failure);
	if (tree_remove(draft->pool, leftover, &failure) < 0)
		notices_add_failure(notices, &failure);
	return 0;
}

void image_draft_done(struct image_draft *draft)
{
	struct failure ignored;

	/* Files that can't be removed are left to image_clean(). */
	if (draft->hidden[0] && tree_remove(draft->pool, draft->hidden, &ignored) < 0)
		draft->hidden[0] = 0;
	if (draft->fd >= 0)
		close(draft->fd);
	for (size_t i = 0; i < draft->n_parts; i++) {
		struct image_draft_part *part = &draft->parts[i];

		if (part->hidden[0] && tree_remove(draft->pool, part->hidden, &ignored) < 0)
			part->hidden[0] = 0;
		close(part->fd);
	}
	image_unlock(&draft->lock);
	*draft = IMAGE_DRAFT_NONE;
}
