/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/lxc_hooks.h"

#include "base/input.h"
#include "base/lines.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper than this, nobody includes files, nor so many: a file may include itself. */
#define INCLUDES_MAX 8
#define FILES_MAX    1000

enum { START = 1, STOP = 2, BOTH = START | STOP };

/* What a file, or all of a directory, does to the hooks before it. */
struct effect {
	unsigned int sets;
	unsigned int clears;
};

struct reading {
	struct arena *arena;
	const char *lines, *common;
	unsigned int depth;
	unsigned int *n_files; /* that were read so far */
};

static void follow(struct effect *effect, struct effect next)
{
	effect->sets = (effect->sets & ~next.clears) | next.sets;
	effect->clears |= next.clears;
}

/* The value of a line that has this key, as LXC takes it: without blanks and quotes around it. Else NULL. */
static const char *read_value(struct arena *arena, const char *line, const char *key)
{
	const char *value = line_value(line, key);
	size_t length = value ? strlen(value) : 0;

	while (length > 0 && strchr(" \t\r", value[length - 1]))
		length--;
	if (length > 1 && strchr("'\"", *value) && value[length - 1] == *value) {
		value++;
		length -= 2;
	}
	return value ? arena_printf(arena, "%.*s", (int) length, value) : NULL;
}

static bool is_cleared(struct arena *arena, const char *line, const char *key)
{
	const char *value = read_value(arena, line, key);

	return value && !*value;
}

/* Whether it is one of the lines; both are compared without blanks around. */
static bool is_among(const char *line, const char *lines)
{
	size_t length = strcspn(line, "\r\n");
	const char *at = lines;

	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (length > 0 && strncmp(at, line, length) == 0 && strchr("\n", at[length]))
			return true;
	}
	return false;
}

static struct effect read_path(const struct reading *r, const char *path);

static struct effect read_line(const struct reading *r, const char *line)
{
	const char *included = read_value(r->arena, line, "lxc.include");
	struct effect effect = { 0 };

	line += strspn(line, " \t");
	if (included)
		return read_path(r, included);
	if (is_cleared(r->arena, line, "lxc.hook"))
		effect.clears = BOTH;
	else if (is_cleared(r->arena, line, LXC_HOOK_START))
		effect.clears = START;
	else if (is_cleared(r->arena, line, LXC_HOOK_STOP))
		effect.clears = STOP;
	else if (is_among(line, r->lines))
		effect.sets = line_value(line, LXC_HOOK_START) ? START : STOP;
	return effect;
}

static struct effect read_text(const struct reading *r, const char *text)
{
	char *rest = arena_strdup(r->arena, text);
	struct effect effect = { 0 };

	for (char *line; (line = line_next(&rest));)
		follow(&effect, read_line(r, line));
	return effect;
}

/* Each file may come before or behind each other one. */
static void add_file(struct effect *all, struct effect file)
{
	all->sets = (all->sets & ~file.clears) | (file.sets & ~all->clears);
	all->clears |= file.clears;
}

static struct effect read_directory(const struct reading *r, const char *path)
{
	DIR *directory = opendir(path);
	size_t length = strlen(path);
	struct effect effect = { 0 };
	struct dirent *entry;

	while (length > 0 && path[length - 1] == '/')
		length--;
	/* It may be one that is still to be made. */
	if (strncmp(r->common, path, length) == 0 && strrchr(r->common, '/') == r->common + length)
		effect.sets = BOTH;
	while (directory && (entry = readdir(directory))) {
		size_t name_length = strlen(entry->d_name);
		const char *file =
			arena_printf(r->arena, "%.*s/%s", (int) length, path, entry->d_name);

		if (name_length > 5 && strcmp(entry->d_name + name_length - 5, ".conf") == 0 &&
		    strcmp(file, r->common) != 0)
			add_file(&effect, read_path(r, file));
	}
	if (directory)
		closedir(directory);
	return effect;
}

static struct effect read_path(const struct reading *r, const char *path)
{
	struct reading deeper = *r;
	struct effect effect = { 0 };
	struct stat st;
	size_t size;
	char *text;

	if (strcmp(path, r->common) == 0)
		effect.sets = BOTH;
	else if (deeper.depth++ == INCLUDES_MAX || (*r->n_files)++ >= FILES_MAX ||
		 stat(path, &st) < 0)
		;
	else if (S_ISDIR(st.st_mode))
		effect = read_directory(&deeper, path);
	else if (input_read_file(r->arena, path, &text, &size) == 0)
		effect = read_text(&deeper, text);
	return effect;
}

bool lxc_hooks_are_in_effect(struct arena *arena, const char *text, const char *lines,
			     const char *common)
{
	unsigned int n_files = 0;
	const struct reading reading = {
		.arena = arena, .lines = lines, .common = common, .n_files = &n_files
	};

	return read_text(&reading, text).sets == BOTH;
}
