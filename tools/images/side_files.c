/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/side_files.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "base/file_identity.h"
#include "base/quote.h"
#include "tools/images/file_copy.h"
#include "tools/images/tree_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum side_kind {
	SIDE_SETTINGS, /* settings, by the administrator or the image's author */
	SIDE_CHECK,    /* describes the image's contents */
	SIDE_STATE,    /* belongs to one machine */
};

static const struct side {
	const char *ending;
	enum side_kind kind;
} sides[] = {
	{ ".nspawn", SIDE_SETTINGS },
	{ ".oci-config", SIDE_CHECK },
	{ ".roothash", SIDE_CHECK },
	{ ".roothash.p7s", SIDE_CHECK },
	{ ".usrhash", SIDE_CHECK },
	{ ".usrhash.p7s", SIDE_CHECK },
	{ ".verity", SIDE_CHECK },
	{ ".raw.tpmstate", SIDE_STATE },
	{ ".raw.efinvramstate", SIDE_STATE },
};

static const char *const settings_directories[] = { NSPAWN_SETTINGS_DIRECTORY,
						    "/run/systemd/nspawn" };

static void format_side(char file[static NAME_MAX + 1], const char *name, const struct side *side)
{
	snprintf(file, NAME_MAX + 1, "%s%s", name, side->ending);
}

static int side_failure(struct failure *f, int error, const char *what, const char *file)
{
	char quoted[QUOTED_SIZE];

	return failure_errno(f, error, "cannot %s %s", what, quote(file, quoted));
}

/* A directory of settings: a descriptor, or a negative errno, -ENOENT if there is none. */
static int open_settings(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Do something with each side file of an image, wherever it is. */
typedef int side_visitor(int directory, const struct side *side, void *data, struct failure *f);

static int visit_sides(int directory, side_visitor *visit, void *data, struct failure *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
		if (visit(directory, &sides[i], data, f) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(settings_directories); i++) {
		CLEANUP_CLOSE int settings = open_settings(settings_directories[i]);

		if (settings == -ENOENT)
			continue;
		if (settings < 0)
			return side_failure(f, settings, "open", settings_directories[i]);
		if (visit(settings, &sides[0], data, f) < 0)
			return -1;
	}
	return 0;
}

/* Only states are directories. Another one is somebody's who chose its name by chance. */
static bool is_others(int directory, const char *file, const struct side *side)
{
	struct stat st;

	return side->kind != SIDE_STATE &&
	       fstatat(directory, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int remove_side(int directory, const struct side *side, void *data, struct failure *f)
{
	char file[NAME_MAX + 1];
	struct stat st;

	format_side(file, data, side);
	if (is_others(directory, file, side))
		return 0;
	/* If an image in /usr or on a read-only disk can't be removed, its files can't be either. */
	if (fstatat(directory, file, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	return tree_remove(directory, file, f);
}

int side_files_remove(int directory, const char *name, struct failure *f)
{
	return visit_sides(directory, remove_side, (void *) name, f);
}

void side_files_remove_checks(int directory, const char *name)
{
	struct failure ignored;

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
		if (sides[i].kind == SIDE_CHECK &&
		    remove_side(directory, &sides[i], (void *) name, &ignored) < 0)
			continue;
}

struct names {
	const char *from, *to;
	int pool; /* of a copy: where those beside the image go */
	int beside;
	struct notices *notices;
};

/* Whether both names are the same file: an earlier run has ended between its steps. */
static bool are_linked(int directory, const char *a, const char *b)
{
	struct stat first, second;

	return fstatat(directory, a, &first, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(directory, b, &second, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_same_file(&first, &second);
}

static bool is_there(int directory, const char *file)
{
	return faccessat(directory, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void format_sides(char from[static NAME_MAX + 1], char to[static NAME_MAX + 1],
			 const struct names *names, const struct side *side)
{
	format_side(from, names->from, side);
	format_side(to, names->to, side);
}

static int check_side(int directory, const struct side *side, void *data, struct failure *f)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];

	format_sides(from, to, data, side);
	if (!is_there(directory, from) || is_others(directory, from, side) ||
	    !is_there(directory, to) || are_linked(directory, from, to))
		return 0;
	return side_failure(f, -EEXIST, "make", to);
}

/* Directories can't have two names, nor can files on file systems without hard links: move them later. */
static int link_side(int directory, const struct side *side, void *data, struct failure *f)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];

	format_sides(from, to, data, side);
	if (is_others(directory, from, side))
		return 0;
	if (linkat(directory, from, directory, to, 0) == 0 || errno == ENOENT || errno == EPERM ||
	    errno == EOPNOTSUPP || errno == EMLINK ||
	    (errno == EEXIST && are_linked(directory, from, to)))
		return 0;
	return side_failure(f, -errno, "make", to);
}

static int unlink_side(int directory, const struct side *side, void *data, struct failure *f)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];

	(void) f;
	format_sides(from, to, data, side);
	if (are_linked(directory, from, to))
		unlinkat(directory, to, 0);
	return 0;
}

static int move_side(int directory, const struct side *side, void *data, struct failure *f)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];

	format_sides(from, to, data, side);
	if (is_others(directory, from, side))
		return 0;
	/* rename(2) does nothing if both names are the same file. */
	if (are_linked(directory, from, to))
		return unlinkat(directory, from, 0) < 0 ? side_failure(f, -errno, "remove", from)
							: 0;
	if (syscall(SYS_renameat2, directory, from, directory, to, RENAME_NOREPLACE) == 0 ||
	    errno == ENOENT)
		return 0;
	return side_failure(f, -errno, "rename", from);
}

int side_files_link(int directory, const char *name, const char *new_name, struct failure *f)
{
	struct names names = { .from = name, .to = new_name };

	if (visit_sides(directory, check_side, &names, f) < 0)
		return -1;
	if (visit_sides(directory, link_side, &names, f) == 0)
		return 0;
	side_files_unlink(directory, name, new_name);
	return -1;
}

void side_files_unlink(int directory, const char *name, const char *new_name)
{
	struct names names = { .from = name, .to = new_name };
	struct failure ignored;

	if (visit_sides(directory, unlink_side, &names, &ignored) < 0)
		return;
}

int side_files_move(int directory, const char *name, const char *new_name, struct failure *f)
{
	struct names names = { .from = name, .to = new_name };

	return visit_sides(directory, move_side, &names, f);
}

bool side_files_has(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
		if (stem_length(file, sides[i].ending) > 0)
			return true;
	return false;
}

/* Copy a regular file, which appears when it is complete. 0 or a negative errno. */
static int copy_side_file(int from_directory, const char *from, int to_directory, const char *to)
{
	CLEANUP_CLOSE int source = -1, target = -1;
	char path[sizeof "/proc/self/fd/" + 10];
	struct stat st;
	int r;

	if (fstatat(from_directory, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	source = openat(from_directory, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (source < 0)
		return -errno;
	target = openat(to_directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, st.st_mode & 0777);
	if (target < 0)
		return -errno;
	r = file_copy(source, target, (uint64_t) st.st_size);
	if (r < 0)
		return r;
	if (fchmod(target, st.st_mode & 0777) < 0)
		return -errno;
	sprintf(path, "/proc/self/fd/%d", target);
	return linkat(AT_FDCWD, path, to_directory, to, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int copy_side(int directory, const struct side *side, void *data, struct failure *f)
{
	const struct names *names = data;
	char from[NAME_MAX + 1], to[NAME_MAX + 1], quoted[QUOTED_SIZE];
	int r;

	if (side->kind == SIDE_STATE)
		return 0;
	format_side(from, names->from, side);
	format_side(to, names->to, side);
	r = copy_side_file(directory, from, directory == names->beside ? names->pool : directory,
			   to);
	if (r == -EEXIST)
		notices_add(names->notices, NOTICE_WARNING, "%s exists already, and stays as it is",
			    quote(to, quoted));
	return r < 0 && r != -EEXIST && r != -ENOENT ? side_failure(f, r, "copy", from) : 0;
}

int side_files_copy(int directory, const char *name, int pool, const char *new_name,
		    struct notices *notices, struct failure *f)
{
	struct names names = { name, new_name, pool, directory, notices };

	return visit_sides(directory, copy_side, &names, f);
}
