/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/os_release.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/lines.h"
#include "host/file_reader.h"
#include "host/machine_file.h"
#include "registry/record.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Real files have less than 1 KiB. */
#define FILE_SIZE_MAX (64 * 1024)

/*
 * Remove quotes and backslashes from a value as sh(1) does, in place. Nothing is
 * expanded. NULL if a quote isn't closed, or if something follows the value.
 */
static char *unquote(char *value)
{
	char quote = '\0', *to = value, *from = value;

	for (; *from && (quote || !isspace((unsigned char) *from)); from++) {
		if (*from == quote)
			quote = '\0';
		else if (!quote && (*from == '"' || *from == '\''))
			quote = *from;
		else if (*from == '\\' && from[1] && quote != '\'' &&
			 (!quote || strchr("\"$`\\", from[1])))
			*to++ = *++from;
		else
			*to++ = *from;
	}
	from += strspn(from, " \t\r");
	if (quote || *from)
		return NULL;
	*to = '\0';
	return value;
}

static void take(struct os_release *os, const char *key, char *value)
{
	const struct {
		const char *key;
		const char **to;
	} wanted[] = {
		{ "ID", &os->id },
		{ "VERSION_ID", &os->version_id },
		{ "PRETTY_NAME", &os->pretty_name },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (strcmp(wanted[i].key, key) == 0 && unquote(value))
			*wanted[i].to = *value && strlen(value) <= MACHINE_SYSTEM_MAX ? value
										      : NULL;
}

struct os_release os_release_parse(char *text)
{
	struct os_release os = { 0 };

	for (char *line, *rest = text; (line = line_next(&rest));) {
		char *equals;

		line += strspn(line, " \t");
		equals = strchr(line, '=');
		if (*line == '#' || !equals)
			continue;
		*equals = '\0';
		take(&os, line, equals + 1);
	}
	return os;
}

static const char *copy(struct arena *arena, const char *value)
{
	return value ? arena_strdup(arena, value) : NULL;
}

static ssize_t read_file(int root, const char *path, char *text, size_t size, int milliseconds)
{
	return milliseconds ? file_reader_read(root, path, text, size, milliseconds)
			    : machine_file_read(root, path, text, size);
}

int os_release_read(struct arena *arena, int root, int milliseconds, struct os_release *os)
{
	char text[FILE_SIZE_MAX];
	ssize_t r = read_file(root, "etc/os-release", text, sizeof text, milliseconds);
	struct os_release found;

	if (r == -ENOENT)
		r = read_file(root, "usr/lib/os-release", text, sizeof text, milliseconds);
	if (r < 0)
		return (int) r;
	found = os_release_parse(text);
	os->id = copy(arena, found.id);
	os->version_id = copy(arena, found.version_id);
	os->pretty_name = copy(arena, found.pretty_name);
	return 0;
}

struct os_release os_release_read_host(struct arena *arena)
{
	CLEANUP_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct os_release os = { 0 };

	/* Without it, the host has none. */
	if (root >= 0)
		(void) !os_release_read(arena, root, 0, &os);
	return os;
}
