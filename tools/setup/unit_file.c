/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/unit_file.h"

#include "base/array_size.h"
#include "base/ending.h"
#include "base/input.h"
#include "base/lines.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd.unit(5), "Unit File Load Path": an earlier directory wins. */
static const char *const directories[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control",
	"/run/systemd/transient",      "/run/systemd/generator.early",
	"/etc/systemd/system",	       "/etc/systemd/system.attached",
	"/run/systemd/system",	       "/run/systemd/system.attached",
	"/run/systemd/generator",      "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",     "/lib/systemd/system",
	"/run/systemd/generator.late",
};

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* More folders of drop-ins than any unit here has. */
#define FOLDERS_MAX 4

/* A drop-in, by its name and the directory that wins. */
struct drop_in {
	const char *name;
	const char *path;
};

struct drop_ins {
	struct drop_in *items;
	size_t count;
};

static char *read_text(struct arena *arena, const char *path)
{
	char *text;
	size_t size;

	return input_read_file(arena, path, &text, &size) == 0 ? text : NULL;
}

/* Returns the next line, with continued lines joined and without comments, or NULL. */
static char *next_line(struct arena *arena, const char **at)
{
	char *line = arena_strdup(arena, "");
	bool is_continued = false;

	while (**at) {
		size_t length = strcspn(*at, "\n");
		const char *text = *at, *begin = text + strspn(text, " \t");
		bool is_comment = *begin == '#' || *begin == ';';

		*at += length + (text[length] == '\n');
		if (is_comment && is_continued)
			continue;
		is_continued = !is_comment && length > 0 && text[length - 1] == '\\';
		line = arena_printf(arena, "%s%.*s%s", line, (int) (length - is_continued), text,
				    is_continued ? " " : "");
		if (!is_continued)
			return line;
	}
	return *line ? line : NULL;
}

/* Returns the value if the line sets this key, without blanks around it, or NULL. */
static const char *value_of(struct arena *arena, const char *line, const char *key)
{
	const char *value = line_value(line, key);
	size_t length;

	if (!value)
		return NULL;
	for (length = strlen(value); length > 0 && strchr(" \t\r", value[length - 1]); length--)
		;
	return arena_printf(arena, "%.*s", (int) length, value);
}

static void read_commands(struct arena *arena, const char *text, struct unit_commands *commands,
			  const char *path, const char *file_name)
{
	struct unit_command found = { .path = path, .file_name = file_name };
	bool is_in_service = false, has_key = false;
	char *line;

	/* As systemd does: some editors begin a text with this mark. */
	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		text += strlen(BYTE_ORDER_MARK);
	while ((line = next_line(arena, &text))) {
		const char *value = is_in_service ? value_of(arena, line, "ExecStart") : NULL;

		if (line[strspn(line, " \t")] == '[')
			is_in_service = strncmp(line + strspn(line, " \t"), "[Service]",
						strlen("[Service]")) == 0;
		if (!value)
			continue;
		has_key = true;
		found.command = *value ? value : NULL;
		found.n_commands = *value ? found.n_commands + 1 : 0;
		found.is_reset |= !*value;
	}
	if (!has_key)
		return;
	commands->items = arena_grow(arena, commands->items, commands->count, sizeof found);
	commands->items[commands->count++] = found;
}

/*
 * Read the unit's own file from the first directory that has it. A link may lead to /dev/null. False if
 * there is none.
 */
static bool read_own_file(struct arena *arena, const char *unit, struct unit_commands *commands)
{
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		const char *path = arena_printf(arena, "%s/%s", directories[i], unit);
		struct stat st;
		char *text;

		if (lstat(path, &st) < 0)
			continue;
		text = read_text(arena, path);
		commands->is_masked = stat(path, &st) < 0 || st.st_size == 0;
		if (text)
			read_commands(arena, text, commands, path, NULL);
		return true;
	}
	return false;
}

static bool has_drop_in(const struct drop_ins *drop_ins, const char *name)
{
	for (size_t i = 0; i < drop_ins->count; i++)
		if (strcmp(drop_ins->items[i].name, name) == 0)
			return true;
	return false;
}

static void add_drop_ins(struct arena *arena, const char *path, struct drop_ins *drop_ins)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		struct drop_in found;

		if (entry->d_name[0] == '.' || stem_length(entry->d_name, ".conf") == 0 ||
		    has_drop_in(drop_ins, entry->d_name))
			continue;
		found = (struct drop_in){ arena_strdup(arena, entry->d_name),
					  arena_printf(arena, "%s/%s", path, entry->d_name) };
		drop_ins->items = arena_grow(arena, drop_ins->items, drop_ins->count, sizeof found);
		drop_ins->items[drop_ins->count++] = found;
	}
	if (directory)
		closedir(directory);
}

static int compare_drop_ins(const void *a, const void *b)
{
	return strcmp(((const struct drop_in *) a)->name, ((const struct drop_in *) b)->name);
}

static void read_drop_ins(struct arena *arena, const char *const *folders, const char *mark,
			  struct unit_commands *commands)
{
	struct drop_ins drop_ins = { 0 };

	for (; *folders; folders++)
		add_drop_ins(arena, *folders, &drop_ins);
	if (drop_ins.count)
		qsort(drop_ins.items, drop_ins.count, sizeof *drop_ins.items, compare_drop_ins);
	for (size_t i = 0; i < drop_ins.count; i++) {
		char *text = read_text(arena, drop_ins.items[i].path);

		if (text && !strstr(text, mark))
			read_commands(arena, text, commands, drop_ins.items[i].path,
				      drop_ins.items[i].name);
	}
}

/*
 * Add the names of the folders that a unit shares with all whose names begin alike: of
 * foo-bar@.service, that is foo-.service.d.
 */
static size_t add_shared_folders(struct arena *arena, const char *prefix, const char **names,
				 size_t count)
{
	for (size_t i = strlen(prefix); i > 1 && count < FOLDERS_MAX; i--)
		if (prefix[i - 1] == '-')
			names[count++] = arena_printf(arena, "%.*s.service.d", (int) i, prefix);
	return count;
}

/*
 * Returns the folders of a unit's drop-ins, with NULL behind the last, in this order: where two have a
 * file of one name, the first counts. All names of the first directory are before those of the next,
 * but for the folder that all services share.
 */
static const char **find_folders(struct arena *arena, const char *prefix, const char *instance)
{
	const char *names[FOLDERS_MAX + 2], **folders;
	size_t n_names = 0, count = 0;

	if (instance)
		names[n_names++] = arena_printf(arena, "%s@%s.service.d", prefix, instance);
	names[n_names++] = arena_printf(arena, "%s@.service.d", prefix);
	n_names = add_shared_folders(arena, prefix, names, n_names);
	folders =
		arena_alloc(arena, (ARRAY_SIZE(directories) * (n_names + 1) + 1) * sizeof *folders);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		for (size_t k = 0; k < n_names; k++)
			folders[count++] = arena_printf(arena, "%s/%s", directories[i], names[k]);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		folders[count++] = arena_printf(arena, "%s/service.d", directories[i]);
	folders[count] = NULL;
	return folders;
}

struct unit_commands unit_find_commands(struct arena *arena, const char *prefix,
					const char *instance, const char *mark)
{
	struct unit_commands commands = { 0 };

	if (!instance ||
	    !read_own_file(arena, arena_printf(arena, "%s@%s.service", prefix, instance),
			   &commands))
		read_own_file(arena, arena_printf(arena, "%s@.service", prefix), &commands);
	read_drop_ins(arena, find_folders(arena, prefix, instance), mark, &commands);
	return commands;
}

struct unit_commands unit_add_command(struct arena *arena, const struct unit_commands *commands,
				      const struct unit_command *drop_in)
{
	struct unit_commands all = { .is_masked = commands->is_masked };
	size_t i = 0;

	all.items = arena_alloc(arena, (commands->count + 1) * sizeof *all.items);
	for (; i < commands->count; i++) {
		const char *name = commands->items[i].file_name;

		if (name && strcmp(name, drop_in->file_name) > 0)
			break;
		all.items[all.count++] = commands->items[i];
	}
	all.items[all.count++] = *drop_in;
	for (; i < commands->count; i++)
		all.items[all.count++] = commands->items[i];
	return all;
}

const char *unit_find_hiding(struct arena *arena, const char *prefix, const char *instance,
			     const char *path)
{
	const char **folders = find_folders(arena, prefix, instance),
		   *name = strrchr(path, '/') + 1;
	struct stat st;

	for (; *folders; folders++) {
		const char *other = arena_printf(arena, "%s/%s", *folders, name);

		if (strcmp(other, path) == 0)
			break;
		if (lstat(other, &st) == 0)
			return other;
	}
	return NULL;
}

const char *unit_effective_command(const struct unit_commands *commands)
{
	const char *command = NULL;
	size_t count = 0;

	for (size_t i = 0; i < commands->count; i++) {
		const struct unit_command *c = &commands->items[i];

		count = c->n_commands + (c->is_reset ? 0 : count);
		command = c->command;
	}
	return count == 1 ? command : NULL;
}

/* Whether the entry is only another name of a unit, or masks it. What 'systemctl link' makes is a unit. */
static bool is_alias(const char *path, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target - 1);
	const char *slash;

	if (length < 0)
		return false;
	target[length] = '\0';
	slash = strrchr(target, '/');
	return strcmp(slash ? slash + 1 : target, name) != 0;
}

static bool wants_bus_name(struct arena *arena, const char *text, const char *bus_name)
{
	char *line;

	while ((line = next_line(arena, &text))) {
		const char *value = value_of(arena, line, "BusName");

		if (value && strcmp(value, bus_name) == 0)
			return true;
	}
	return false;
}

struct claim_search {
	struct arena *arena;
	const char *bus_name, *own, *hidden;
	const char **seen; /* names whose file in a former directory wins */
	size_t n_seen;
};

/* Whether systemd would read this file, and hasn't found the name before. */
static bool is_first(struct claim_search *search, const char *name)
{
	for (size_t i = 0; i < search->n_seen; i++)
		if (strcmp(search->seen[i], name) == 0)
			return false;
	search->seen =
		arena_grow(search->arena, search->seen, search->n_seen, sizeof *search->seen);
	search->seen[search->n_seen++] = arena_strdup(search->arena, name);
	return true;
}

static const char *find_claim(struct claim_search *search, const char *directory, bool is_hidden)
{
	DIR *stream = opendir(directory);
	const char *found = NULL;
	struct dirent *entry;

	while (stream && !found && (entry = readdir(stream))) {
		const char *name = entry->d_name;
		const char *path = arena_printf(search->arena, "%s/%s", directory, name);
		char *text;

		if (stem_length(name, ".service") == 0 || strcmp(name, search->own) == 0 ||
		    (is_hidden && strcmp(name, search->hidden) == 0) || !is_first(search, name) ||
		    is_alias(path, name))
			continue;
		text = read_text(search->arena, path);
		if (text && wants_bus_name(search->arena, text, search->bus_name))
			found = path;
	}
	if (stream)
		closedir(stream);
	return found;
}

const char *unit_find_bus_claim(struct arena *arena, const char *bus_name, const char *own,
				const char *hidden)
{
	struct claim_search search = { arena, bus_name, own, hidden, NULL, 0 };
	const char *found = NULL;
	bool is_hidden = false;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && !found; i++) {
		is_hidden |= strcmp(directories[i], "/etc/systemd/system") == 0;
		found = find_claim(&search, directories[i], is_hidden);
	}
	return found;
}

/* Returns the instance in "PREFIX@INSTANCE.service" or "PREFIX@INSTANCE.service.d", or NULL. */
static char *instance_of(struct arena *arena, const char *name, const char *prefix)
{
	size_t length = strlen(prefix);
	const char *instance, *end;

	if (strncmp(name, prefix, length) != 0 || name[length] != '@')
		return NULL;
	instance = name + length + 1;
	end = strstr(instance, ".service");
	if (!end || end == instance ||
	    (strcmp(end, ".service") != 0 && strcmp(end, ".service.d") != 0))
		return NULL;
	return arena_printf(arena, "%.*s", (int) (end - instance), instance);
}

static bool has_instance(char *const *instances, size_t count, const char *instance)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(instances[i], instance) == 0)
			return true;
	return false;
}

char **unit_find_instances(struct arena *arena, const char *prefix)
{
	char **instances = NULL;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		DIR *directory = opendir(directories[i]);
		struct dirent *entry;

		while (directory && (entry = readdir(directory))) {
			char *instance = instance_of(arena, entry->d_name, prefix);

			if (!instance || has_instance(instances, count, instance))
				continue;
			instances = arena_grow(arena, instances, count, sizeof *instances);
			instances[count++] = instance;
		}
		if (directory)
			closedir(directory);
	}
	instances = arena_grow(arena, instances, count, sizeof *instances);
	instances[count] = NULL;
	return instances;
}

bool unit_is_stock(const char *name)
{
	static const char *const homes[] = { "/usr/lib/systemd/system", "/lib/systemd/system" };
	char path[PATH_MAX], target[sizeof "/dev/null"];
	bool is_there = false;

	for (size_t i = 0; i < ARRAY_SIZE(homes); i++) {
		snprintf(path, sizeof path, "%s/%s", homes[i], name);
		is_there = is_there || access(path, F_OK) == 0;
	}
	snprintf(path, sizeof path, "/etc/systemd/system/%s", name);
	return is_there &&
	       !(readlink(path, target, sizeof target) == (ssize_t) strlen("/dev/null") &&
		 strncmp(target, "/dev/null", strlen("/dev/null")) == 0);
}
