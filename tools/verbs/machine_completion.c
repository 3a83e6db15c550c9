/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/machine_completion.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/input.h"
#include "base/lines.h"
#include "host/file_reader.h"
#include "host/machine_file.h"
#include "registry/lookup.h"
#include "tools/images/image.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody waits longer for the Tab key. */
#define READ_MILLISECONDS 1000

/* Of one machine; more words help nobody. */
#define WORDS_MAX  1000
#define PASSWD_MAX (256 * 1024)

/* Look for machines one by one. NULL after the last. */
static const char *next_machine(struct snapshot *snapshot, char folded[static MACHINE_NAME_SIZE],
				struct machine *machine)
{
	if (!snapshot->is_open || snapshot_next(snapshot, folded, machine) < 0)
		return NULL;
	return machine->name;
}

void complete_machines(completion_sink *sink, void *data)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	char folded[MACHINE_NAME_SIZE] = "";
	struct failure failure;
	struct machine m;

	if (registry_open(&snapshot, &failure) < 0)
		return;
	while (next_machine(&snapshot, folded, &m))
		sink(data, m.name, machine_class_name(m.class));
}

/* Whether a shell can be given the name as it is. */
static bool is_plain_name(const char *name)
{
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "._-+,:@%=")];
}

void complete_images(struct arena *arena, completion_sink *sink, void *data)
{
	struct failure failure;
	struct image *images;
	size_t count;

	if (image_list(arena, &images, &count, &failure) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (!images[i].is_host && is_plain_name(images[i].name))
			sink(data, images[i].name, image_kind_name(images[i].kind));
}

/* The users of its /etc/passwd whose names begin so. */
static void add_users(struct arena *arena, const struct machine *m,
		      const struct pid_context *context, const char *beginning,
		      completion_sink *sink, void *data)
{
	CLEANUP_CLOSE int root = machine_root_open(m, context);
	CLEANUP_FREE char *text = malloc(PASSWD_MAX);
	size_t length = strlen(beginning);

	if (root < 0 || !text ||
	    file_reader_read(root, "/etc/passwd", text, PASSWD_MAX, FILE_READER_WAIT) < 0)
		return;
	for (char *line, *rest = text; (line = line_next(&rest));) {
		line[strcspn(line, ":")] = '\0';
		if (*line && strncmp(line, beginning, length) == 0 && is_plain_name(line) &&
		    !strchr(line, '@'))
			sink(data, arena_printf(arena, "%s@%s", line, m->name),
			     "user of the machine");
	}
}

void complete_machine_users(struct arena *arena, const char *word, completion_sink *sink,
			    void *data)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	char folded[MACHINE_NAME_SIZE] = "";
	const char *at = strrchr(word, '@');
	struct failure failure;
	struct machine m;

	if (registry_open(&snapshot, &failure) < 0)
		return;
	while (next_machine(&snapshot, folded, &m)) {
		if (at) {
			sink(data, arena_printf(arena, "%.*s@%s", (int) (at - word), word, m.name),
			     machine_class_name(m.class));
			continue;
		}
		sink(data, m.name, machine_class_name(m.class));
		if (*word)
			add_users(arena, &m, &snapshot.meta.context, word, sink, data);
	}
}

/* Open a directory of a machine for reading; -1 if it is something else. */
static int open_directory(int root, const char *path)
{
	CLEANUP_CLOSE int found = machine_path_open(root, path, O_PATH | O_DIRECTORY);
	char link[64];

	if (found < 0)
		return -1;
	snprintf(link, sizeof link, "/proc/self/fd/%d", found);
	return open(link, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
}

static bool is_directory(int directory, const char *name)
{
	struct stat st;

	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* The entries of the directory that an incomplete path names, if they go on as that does. */
static void print_paths(FILE *to, int root, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	CLEANUP_FREE char *parent = strndup(path, (size_t) (name - path));
	int fd = parent ? open_directory(root, parent) : -1;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t count = 0;

	while (directory && count < WORDS_MAX && (entry = readdir(directory))) {
		const char *found = entry->d_name;

		/* Hidden files only if that is asked for. */
		if (strncmp(found, name, strlen(name)) != 0 || !is_plain_name(found) ||
		    (*found == '.' && *name != '.') || strcmp(found, ".") == 0 ||
		    strcmp(found, "..") == 0)
			continue;
		count += fprintf(to, "%s%s%s\n", parent, found,
				 is_directory(fd, found) ? "/" : "") > 0;
	}
	if (directory)
		closedir(directory);
}

/* The same in a child, which can be left behind. Returns the text, or NULL. */
static char *read_paths(struct arena *arena, int root, const char *path)
{
	char *text = NULL;
	int ends[2], r;
	size_t size;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0) {
		FILE *to = fdopen(ends[1], "w");

		if (to) {
			print_paths(to, root, path);
			fclose(to);
		}
		_exit(EXIT_SUCCESS);
	}
	close(ends[1]);
	r = input_read(arena, ends[0], READ_MILLISECONDS, &text, &size);
	close(ends[0]);
	if (pid > 0)
		child_end(pid, r == 0 ? READ_MILLISECONDS : 0);
	return r == 0 ? text : NULL;
}

void complete_machine_paths(struct arena *arena, const char *machine, const char *word,
			    completion_sink *sink, void *data)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP_CLOSE int root = -1;
	struct failure failure;
	struct machine m;
	char *text;

	if (!*word) {
		sink(data, "/", NULL);
		return;
	}
	if (*word != '/' || registry_open(&snapshot, &failure) < 0 ||
	    machine_find(&snapshot, machine, &m, &failure) < 0)
		return;
	root = machine_root_open(&m, &snapshot.meta.context);
	text = root < 0 ? NULL : read_paths(arena, root, word);
	for (char *line, *rest = text; (line = line_next(&rest));)
		sink(data, line, NULL);
}
