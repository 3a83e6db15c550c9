/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/whiteout.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/images/tree_remove.h"
#include "tools/import/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX	      ".wh."
#define PREFIX_LENGTH 4
#define OPAQUE	      ".wh..wh..opq"

static bool has_prefix(const char *name)
{
	return strncmp(name, PREFIX, PREFIX_LENGTH) == 0;
}

/* Split a path at its last slash. Returns the last component. */
static const char *split(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return path;
	*slash = '\0';
	return slash + 1;
}

static bool has_prefix_on_the_way(const char *directory)
{
	for (const char *part = directory; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (has_prefix(part))
			return true;
	}
	return false;
}

static enum whiteout_kind kind_of(const char *last)
{
	if (!has_prefix(last))
		return WHITEOUT_NONE;
	return strcmp(last, OPAQUE) == 0 ? WHITEOUT_OPAQUE : WHITEOUT_NAME;
}

static bool is_valid(const struct whiteout *w)
{
	return w->kind != WHITEOUT_NAME || (*w->name && strcmp(w->name, ".") != 0 &&
					    strcmp(w->name, "..") != 0 && !has_prefix(w->name));
}

int whiteout_parse(const char *name, struct whiteout *w, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	const char *last;

	if (tree_path(name, w->directory, f) < 0)
		return failure_prefix(f, "entry '%s'", quote(name, quoted));
	last = split(w->directory);
	w->kind = kind_of(last);
	w->name[0] = '\0';
	if (w->kind == WHITEOUT_NAME && strlen(last) <= NAME_MAX)
		strcpy(w->name, last + PREFIX_LENGTH);
	if (last == w->directory)
		w->directory[0] = '\0';
	if (!is_valid(w) || has_prefix_on_the_way(w->directory))
		return failure_set(f, FAILURE_INVALID,
				   "entry '%s': names that begin with " PREFIX
				   " hide others, and this hides none",
				   quote(name, quoted));
	return 0;
}

static int remove_contents(int directory, struct failure *f)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!list) {
		failure_errno(f, -errno, "cannot read the directory");
		cleanup_close(&copy);
		return -1;
	}
	while (r == 0 && (entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = tree_remove(directory, entry->d_name, f);
	closedir(list);
	return r;
}

static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP;
}

int whiteout_apply(const struct whiteout *w, int root, struct failure *f)
{
	CLEANUP_CLOSE int directory = inside_open_directory(root, w->directory);
	char quoted[QUOTED_SIZE];
	struct stat st;

	if (is_missing(directory))
		return 0;
	if (directory < 0)
		return failure_errno(f, directory, "cannot open '%s'", quote(w->directory, quoted));
	if (w->kind == WHITEOUT_OPAQUE)
		return remove_contents(directory, f);
	if (fstatat(directory, w->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : failure_errno(f, -errno, "cannot look at '%s'",
						       quote(w->name, quoted));
	return tree_remove(directory, w->name, f);
}

int whiteout_make_way(int root, const char *name, struct failure *f)
{
	char path[PATH_MAX], quoted[QUOTED_SIZE];
	CLEANUP_CLOSE int above = -1;
	const char *last;
	struct stat st;

	if (tree_path(name, path, f) < 0)
		return -1;
	last = split(path);
	above = inside_open_directory(root, last == path ? "" : path);
	if (above < 0 || !*last || fstatat(above, last, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return 0;
	if (tree_remove(above, last, f) < 0)
		return -1;
	return mkdirat(above, last, 0700) < 0
		       ? failure_errno(f, -errno, "cannot make '%s'", quote(name, quoted))
		       : 0;
}
