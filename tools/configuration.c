/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/configuration.h"

#include "registry/cleanup.h"
#include "tools/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* The words of systemd.syntax(7). */
static int parse_boolean(const char *text, bool *value)
{
	static const char *const words[2][5] = { { "no", "false", "off", "0", "n" },
						 { "yes", "true", "on", "1", "y" } };

	for (size_t truth = 0; truth < 2; truth++)
		for (size_t i = 0; i < 5; i++)
			if (strcasecmp(text, words[truth][i]) == 0) {
				*value = truth;
				return 0;
			}
	return -EINVAL;
}

/* Without the blanks around it, cut in place. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* The setting of this name, or NULL. */
static bool *find_setting(struct configuration *configuration, const char *name)
{
	if (strcmp(name, "Exports") == 0)
		return &configuration->exports;
	return strcmp(name, "Monitor") == 0 ? &configuration->monitor : NULL;
}

static void set(struct configuration *configuration, char *line, size_t number)
{
	char quoted[QUOTED_SIZE], *value = strchr(line, '=');
	bool *setting;

	if (value)
		*value++ = '\0';
	line = trim(line);
	setting = value ? find_setting(configuration, line) : NULL;
	if (!setting)
		complain(CONFIGURATION_PATH ":%zu: '%s' is no setting; passing over it", number,
			 quote(line, quoted));
	else if (parse_boolean(trim(value), setting) < 0)
		complain(CONFIGURATION_PATH ":%zu: '%s' is neither yes nor no; passing over it",
			 number, quote(trim(value), quoted));
}

struct configuration configuration_read(void)
{
	static struct configuration configuration = { .exports = EXPORTS_DEFAULT,
						       .monitor = MONITOR_DEFAULT };
	static bool is_read;
	CLEANUP(close_file) FILE *file = fopen(CONFIGURATION_PATH, "re");
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;

	if (is_read)
		return configuration;
	is_read = true;
	if (!file) {
		if (errno != ENOENT)
			complain(CONFIGURATION_PATH ": %s", strerror(errno));
		return configuration;
	}
	for (size_t number = 1; getline(&line, &room, file) >= 0; number++) {
		char *text = trim(line);

		if (*text && *text != '#' && *text != ';')
			set(&configuration, text, number);
	}
	return configuration;
}
