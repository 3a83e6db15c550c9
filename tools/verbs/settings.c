/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines edit and cat: settings of images for systemd-nspawn, systemd.nspawn(5) */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "base/format.h"
#include "base/input.h"
#include "base/quote.h"
#include "base/write_at.h"
#include "tools/images/image.h"
#include "tools/images/image_name.h"
#include "tools/images/image_pool.h"
#include "tools/images/side_files.h"
#include "tools/messages/message.h"
#include "tools/setup/trusted_file.h"
#include "tools/verbs/command_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest settings that anybody writes are far smaller. */
#define SETTINGS_SIZE_MAX ((size_t) 1024 * 1024)

/* In the order in which systemd-nspawn(1) looks. It doesn't trust the last. */
static const char *const directories[] = { NSPAWN_SETTINGS_DIRECTORY, "/run/systemd/nspawn",
					   IMAGE_POOL };

/* The name of the image, also if that of its settings was given. */
static const char *strip_ending(struct arena *arena, const char *name)
{
	size_t stem = stem_length(name, ".nspawn");

	return stem ? arena_printf(arena, "%.*s", (int) stem, name) : name;
}

/* Find the settings of an image. 0, or -1 with a failure, FAILURE_NO_SUCH_FILE if it has none. */
static int read_settings(struct arena *arena, const char *name, const char **path, char **text,
			 struct failure *f)
{
	char quoted[QUOTED_SIZE];
	size_t size;

	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		int r;

		*path = arena_printf(arena, "%s/%s.nspawn", directories[i], name);
		r = input_read_file_up_to(arena, *path, SETTINGS_SIZE_MAX, text, &size);
		if (r == 0)
			return 0;
		if (r != -ENOENT)
			return failure_errno(f, r, "cannot read %s", *path);
	}
	return failure_set(f, FAILURE_NO_SUCH_FILE, "there are no settings of an image '%s'",
			   quote(name, quoted));
}

static int print_settings(const struct command_line *line, void *settings, struct failure *f)
{
	int status = EXIT_SUCCESS;

	(void) settings;
	(void) f;
	for (int i = 0; i < line->n_names; i++) {
		const char *name = strip_ending(line->arena, line->names[i]), *path;
		struct failure failure;
		char *text;

		if (image_name_check(name, &failure) < 0 ||
		    read_settings(line->arena, name, &path, &text, &failure) < 0) {
			status = report(&failure);
			continue;
		}
		/* An image that was downloaded brings settings of a stranger's. */
		printf("%s# %s\n", i > 0 ? "\n" : "", path);
		for (char *rest = text; *rest;) {
			size_t length = strcspn(rest, "\n");
			bool has_end = rest[length];

			rest[length] = '\0';
			puts(arena_escape(line->arena, rest));
			rest += length + has_end;
		}
	}
	return status;
}

/* The user's, else what there is. It may have arguments. */
static const char *find_editor(void)
{
	const char *editor = getenv("SYSTEMD_EDITOR");

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	if (!editor || !*editor)
		editor = getenv("VISUAL");
	return editor && *editor ? editor : NULL;
}

static void execute_editor(const char *editor, const char *path)
{
	static const char *const others[] = { "editor", "nano", "vim", "vi" };
	char *command;

	if (editor && asprintf(&command, "exec %s \"$@\"", editor) >= 0)
		execl("/bin/sh", "sh", "-c", command, "sh", path, NULL);
	for (size_t i = 0; !editor && i < sizeof others / sizeof *others; i++)
		execlp(others[i], others[i], path, NULL);
	_exit(EXIT_NOT_FOUND);
}

static int run_editor(const char *path, struct failure *f)
{
	const char *editor = find_editor();
	int status, r;
	pid_t pid;

	/* One that the user has chosen may do its work alone. */
	if (!editor && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
		return failure_set(f, FAILURE_OTHER,
				   "standard input and output aren't a terminal; set EDITOR to a "
				   "program that doesn't need one");
	pid = fork();
	if (pid == 0)
		execute_editor(editor, path);
	r = pid < 0 ? -errno : child_wait(pid, &status);
	if (r < 0)
		return failure_errno(f, r, "cannot run an editor");
	if (child_exit_status(status) == EXIT_NOT_FOUND)
		return failure_set(f, FAILURE_NO_PROGRAM,
				   "there is no editor; set EDITOR to the name of one");
	if (child_exit_status(status))
		return failure_set(f, FAILURE_OTHER, "the editor failed with exit status %d",
				   child_exit_status(status));
	return 0;
}

/* Open root's own settings, in a directory that is made if it is missing, and read them: NULL if there are none. */
static int open_own(struct trusted_file *file, struct arena *arena, const char *path, char **text,
		    struct failure *f)
{
	if (trusted_file_open(file, arena, path, TRUSTED_FILE_MAKE_DIRECTORIES, f) < 0)
		return -1;
	return trusted_file_read(file, arena, text, f);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Write them, unless they have changed since `former` was read. */
static int write_own(struct arena *arena, const char *path, const char *former, const char *text,
		     struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };
	char *now;

	if (open_own(&file, arena, path, &now, f) < 0)
		return -1;
	if (!is_same_text(former, now))
		return failure_set(f, FAILURE_BUSY, "%s was changed meanwhile", path);
	return trusted_file_replace(&file, text, &file, 0644, f);
}

/* What an editor works on. For root alone, because the settings may be. */
static int make_copy(char *copy, const char *text, struct failure *f)
{
	CLEANUP_CLOSE int fd = mkstemp(copy);
	int r;

	if (fd < 0)
		return failure_errno(f, -errno, "cannot write in %s", NSPAWN_SETTINGS_DIRECTORY);
	r = write_at(fd, text, strlen(text), 0);
	if (r == 0)
		return 0;
	unlink(copy);
	return failure_errno(f, r, "cannot write %s", copy);
}

/* Have the copy edited. 0, or -1 with a failure. */
static int edit_copy(struct arena *arena, const char *copy, char **text, struct failure *f)
{
	size_t size;
	int r;

	if (run_editor(copy, f) < 0)
		return -1;
	r = input_read_file_up_to(arena, copy, SETTINGS_SIZE_MAX, text, &size);
	if (r < 0)
		return failure_errno(f, r, "cannot read %s", copy);
	if (strlen(*text) != size)
		return failure_set(f, FAILURE_INVALID, "the edited text contains a NUL");
	return 0;
}

/* What an editor begins with: root's own settings, or else what systemd-nspawn would read. */
static int read_former(struct arena *arena, const char *name, const char *path, char **own,
		       char **text, struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };
	const char *found;

	if (open_own(&file, arena, path, own, f) < 0)
		return -1;
	*text = *own;
	if (*own || read_settings(arena, name, &found, text, f) == 0)
		return 0;
	if (f->kind != FAILURE_NO_SUCH_FILE)
		return -1;
	*text = arena_strdup(arena, "");
	return 0;
}

static int edit_image(struct arena *arena, const char *name, struct failure *f)
{
	const char *path = arena_printf(arena, NSPAWN_SETTINGS_DIRECTORY "/%s.nspawn", name);
	char *copy = arena_printf(arena, NSPAWN_SETTINGS_DIRECTORY "/.#%s.nspawnXXXXXX", name);
	char *own, *text, *edited;
	int r;

	if (read_former(arena, name, path, &own, &text, f) < 0 || make_copy(copy, text, f) < 0)
		return -1;
	r = edit_copy(arena, copy, &edited, f);
	/* Somebody has typed it, and may not want to do so again. */
	if (r == 0 && strcmp(edited, text) != 0 && write_own(arena, path, own, edited, f) < 0)
		return failure_prefix(f, "the edited text stays in %s", copy);
	unlink(copy);
	return r;
}

static int edit_settings(const struct command_line *line, void *settings, struct failure *f)
{
	(void) settings;
	for (int i = 0; i < line->n_names; i++) {
		const char *name = strip_ending(line->arena, line->names[i]);

		if (image_name_check(name, f) < 0 || edit_image(line->arena, name, f) < 0)
			return -1;
	}
	return EXIT_SUCCESS;
}

const struct verb cat_verb = {
	.name = "cat",
	.synopsis = "NAME...",
	.summary = "Print settings of images for systemd-nspawn",
	.description = "Print the settings of images for systemd-nspawn, from /etc/systemd/nspawn "
		       "or /run/systemd/nspawn. If there are none, print those beside the image; "
		       "systemd-nspawn uses only the harmless ones of these.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.has_pager = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },
	.run = print_settings,
};

const struct verb edit_verb = {
	.name = "edit",
	.synopsis = "NAME...",
	.summary = "Edit settings of images for systemd-nspawn",
	.description =
		"Edit the settings of images for systemd-nspawn, "
		"/etc/systemd/nspawn/NAME.nspawn, with the editor in SYSTEMD_EDITOR, "
		"EDITOR or VISUAL, or on a terminal with another that is installed. If there "
		"are none yet, the file begins with the settings that systemd-nspawn would "
		"read.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },
	.run = edit_settings,
};
