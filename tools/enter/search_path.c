/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/search_path.h"

#include "base/cleanup.h"
#include "host/machine_lines.h"

#include <stdbool.h>
#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The programs of a NixOS, whose other directories are nearly empty. */
#define NIXOS_PROGRAMS "/run/current-system/sw/bin"
#define NIXOS_PATH     "/run/wrappers/bin:/nix/var/nix/profiles/default/bin:" NIXOS_PROGRAMS

/* Longer values are ignored. */
#define VALUE_MAX 4096

#define BLANKS " \t"

/* Cut the value behind a key and its separators, without quotes. NULL if the line is of another key. */
static char *value_of(char *line, const char *key, const char *separators)
{
	size_t length = strlen(key), blanks;
	char *value;

	line += strspn(line, BLANKS);
	if (strncmp(line, key, length) != 0)
		return NULL;
	value = line + length;
	blanks = strspn(value, separators);
	if (blanks == 0)
		return NULL;
	value += blanks;
	for (length = strlen(value); length && strchr(BLANKS "\r", value[length - 1]);)
		value[--length] = '\0';
	if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
		value[length - 1] = '\0';
		value++;
	}
	return value;
}

/* pam_env(8): NAME=VALUE, perhaps after "export". */
static char *parse_environment(char *line, uid_t uid)
{
	char *rest = value_of(line, "export", BLANKS);

	(void) uid;
	return value_of(rest ? rest : line, "PATH", "=");
}

/* login.defs(5): "ENV_PATH PATH=...", or without "PATH=". */
static char *parse_login_defs(char *line, uid_t uid)
{
	char *value = value_of(line, uid == 0 ? "ENV_SUPATH" : "ENV_PATH", BLANKS);

	return value && strncmp(value, "PATH=", 5) == 0 ? value + 5 : value;
}

/* The last value of a file, as both formats have it. NULL if there is none. */
static char *read_value(struct arena *arena, const char *file, uid_t uid,
			char *(*parse)(char *line, uid_t uid))
{
	CLEANUP_FREE struct machine_lines *lines = malloc(sizeof *lines);
	char *line, *value, *found = NULL;

	if (!lines || machine_lines_open(lines, file) < 0)
		return NULL;
	while ((line = machine_lines_next(lines))) {
		value = parse(line, uid);
		/* "$" would be a variable, which isn't expanded here. */
		if (value && *value == '/' && strlen(value) <= VALUE_MAX && !strchr(value, '$'))
			found = arena_strdup(arena, value);
	}
	machine_lines_close(lines);
	return found;
}

char *search_path_read(struct arena *arena, uid_t uid)
{
	const char *path = read_value(arena, "/etc/environment", uid, parse_environment);

	if (!path)
		path = read_value(arena, "/etc/login.defs", uid, parse_login_defs);
	if (!path)
		path = DEFAULT_PATH;
	if (access(NIXOS_PROGRAMS, X_OK) == 0)
		return arena_printf(arena, "%s:%s", NIXOS_PATH, path);
	return arena_strdup(arena, path);
}
