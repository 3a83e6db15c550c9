/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/change.h"

#include "base/cleanup.h"
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/trusted_file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* diff(1) of configuration files is done at once. */
#define DIFF_MILLISECONDS (10 * 1000)

#define EXECUTION_BITS (S_IXUSR | S_IXGRP | S_IXOTH)

int change_read(struct arena *arena, struct change *change, struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };
	char *text;

	change->before = NULL;
	if (trusted_file_open(&file, arena, change->path, 0, f) < 0 ||
	    trusted_file_read(&file, arena, &text, f) < 0)
		return -1;
	change->before = text;
	change->mode_now = text ? file.stat.st_mode : 0;
	return 0;
}

bool change_lacks_execution(const struct change *c)
{
	return c->before && c->after && c->mode & EXECUTION_BITS && !(c->mode_now & EXECUTION_BITS);
}

bool change_is_pending(const struct change *c)
{
	if (!c->before || !c->after)
		return c->before != c->after;
	return strcmp(c->before, c->after) != 0 || change_lacks_execution(c);
}

/* Returns the descriptor of a nameless file with this text, or -1. */
static int hold_text(const char *text)
{
	int fd = memfd_create("change", 0);

	if (fd >= 0 && text && write(fd, text, strlen(text)) != (ssize_t) strlen(text)) {
		close(fd);
		return -1;
	}
	return fd;
}

char *change_diff(struct arena *arena, const struct change *c)
{
	CLEANUP_CLOSE int before = hold_text(c->before), after = hold_text(c->after);
	const char *const diff[] = {
		"diff",
		"-u",
		"--label",
		c->before ? c->path : "/dev/null",
		"--label",
		c->after ? c->path : "/dev/null",
		arena_printf(arena, "/proc/%d/fd/%d", getpid(), before),
		arena_printf(arena, "/proc/%d/fd/%d", getpid(), after),
		NULL,
	};
	struct program_answer answer;
	struct failure f;

	if (change_lacks_execution(c) && strcmp(c->before, c->after) == 0)
		return arena_printf(arena, "%s: it can't be executed, and should be\n", c->path);
	if (before >= 0 && after >= 0 &&
	    program_run(arena, diff, DIFF_MILLISECONDS, &answer, &f) == 0 && *answer.output)
		return answer.output;
	return arena_printf(arena, "%s:\n%s", c->path, c->after ? c->after : "(removed)\n");
}

/* Open the file again and make sure that nobody has edited it since it was read. */
static int open_unchanged(struct trusted_file *file, struct arena *arena, const struct change *c,
			  struct failure *f)
{
	char *text, quoted[QUOTED_SIZE];

	if (trusted_file_open(file, arena, c->path, c->after ? TRUSTED_FILE_MAKE_DIRECTORIES : 0,
			      f) < 0 ||
	    trusted_file_read(file, arena, &text, f) < 0)
		return -1;
	if (text && c->before ? strcmp(text, c->before) != 0 : text != c->before)
		return failure_set(f, FAILURE_BUSY, "%s: it was changed just now; try again",
				   quote(c->path, quoted));
	return 0;
}

/*
 * Replace the file, with a backup. An older backup is replaced: it is from before an earlier change.
 * If the file can't be replaced, the backup is what it was.
 */
static int replace_with_backup(struct arena *arena, const struct change *c,
			       struct trusted_file *file, struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file backup = { .directory = -1, .fd = -1 };
	struct failure ignored;
	char *former;

	if (trusted_file_open(&backup, arena, c->backup, 0, f) < 0 ||
	    trusted_file_read(&backup, arena, &former, f) < 0 ||
	    trusted_file_replace(&backup, c->kept ? c->kept : c->before, file, c->mode, f) < 0)
		return -1;
	if (trusted_file_replace(file, c->after, file, c->mode, f) == 0)
		return 0;
	if (former)
		(void) !trusted_file_replace(&backup, former, &backup, c->mode, &ignored);
	else
		(void) !trusted_file_remove(&backup, &ignored);
	return -1;
}

static void remove_backup(struct arena *arena, const struct change *c)
{
	CLEANUP(trusted_file_close) struct trusted_file backup = { .directory = -1, .fd = -1 };
	struct failure f;
	char *text;

	if (trusted_file_open(&backup, arena, c->backup, 0, &f) == 0 &&
	    trusted_file_read(&backup, arena, &text, &f) == 0 && text && c->after &&
	    strcmp(text, c->after) == 0)
		(void) !trusted_file_remove(&backup, &f);
}

static int replace_file(struct arena *arena, const struct change *c, struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };

	if (open_unchanged(&file, arena, c, f) < 0)
		return -1;
	if (c->backup && (c->before || c->kept) && !c->is_undo)
		return replace_with_backup(arena, c, &file, f);
	return trusted_file_replace(&file, c->after, &file, c->mode, f);
}

/* If the path is a symbolic link, the link is removed. */
static int remove_file(struct arena *arena, const struct change *c, struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };

	if (trusted_file_open(&file, arena, c->path, TRUSTED_FILE_KEEP_LINK, f) < 0)
		return -1;
	if (trusted_file_remove(&file, f) < 0)
		return -1;
	if (c->has_own_directory)
		trusted_file_remove_directory(&file);
	return 0;
}

int change_apply(struct arena *arena, const struct change *c, struct failure *f)
{
	int r;

	if (c->apply)
		return c->apply(arena, c, f);
	r = c->after ? replace_file(arena, c, f) : remove_file(arena, c, f);
	if (r == 0 && c->backup && c->is_undo)
		remove_backup(arena, c);
	return r;
}
