/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/os_release.h"

#include "registry/cleanup.h"
#include "tools/format.h"
#include "tools/machine_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Real ones have less than one KiB. */
#define FILE_SIZE_MAX (64 * 1024)

/*
 * Take the quotes and backslashes out of a value as sh(1) does, in place. Text
 * that sh would expand stands for itself. NULL where a quote isn't closed, or
 * something follows that isn't the value's any more.
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

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (strcmp(wanted[i].key, key) == 0 && unquote(value))
			*wanted[i].to = *value && strlen(value) <= OS_RELEASE_VALUE_MAX ? value
											: NULL;
}

struct os_release os_release_parse(char *text)
{
	struct os_release os = { 0 };
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
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

static const char *escaped(struct arena *arena, const char *value)
{
	return value ? escape(value, arena_alloc(arena, ESCAPED_SIZE(strlen(value)))) : NULL;
}

struct os_release os_release_read(struct arena *arena, const struct machine *machine,
				  const struct registry_origin *origin)
{
	CLEANUP_CLOSE int root = machine_root_open(machine, origin);
	char text[FILE_SIZE_MAX];
	struct os_release os;
	ssize_t r;

	if (root < 0)
		return (struct os_release){ 0 };
	r = machine_file_read(root, "etc/os-release", text, sizeof text);
	if (r == -ENOENT)
		r = machine_file_read(root, "usr/lib/os-release", text, sizeof text);
	if (r < 0)
		return (struct os_release){ 0 };
	os = os_release_parse(text);
	os.id = escaped(arena, os.id);
	os.version_id = escaped(arena, os.version_id);
	os.pretty_name = escaped(arena, os.pretty_name);
	return os;
}

bool machine_id_read(const struct machine *machine, const struct registry_origin *origin,
		     uint8_t id[static 16])
{
	CLEANUP_CLOSE int root = machine_root_open(machine, origin);
	uint8_t bytes[16], any = 0;
	char text[64];

	/* What has the host's files has its id there, too. */
	if (root < 0 || machine_root_is_hosts(root) ||
	    machine_file_read(root, "etc/machine-id", text, sizeof text) < 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (!isxdigit((unsigned char) text[2 * i]) ||
		    !isxdigit((unsigned char) text[2 * i + 1]) ||
		    sscanf(text + 2 * i, "%2hhx", &bytes[i]) != 1)
			return false;
		any |= bytes[i];
	}
	/* With a newline, or without. "uninitialized", or empty, is none. */
	if (!any || (text[32] && strcmp(text + 32, "\n") != 0))
		return false;
	memcpy(id, bytes, 16);
	return true;
}
