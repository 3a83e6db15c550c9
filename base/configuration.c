/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/configuration.h"

#include "base/boolean.h"
#include "base/cleanup.h"
#include "base/quote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct configuration defaults = {
	.exports = EXPORTS_DEFAULT,
	.monitor = MONITOR_DEFAULT,
};

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Cut the blanks off both ends, in place. */
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

/* Set the switch of this name. 0, -ENOENT if there is none, or -EINVAL for its value. */
static int set_switch(struct configuration *configuration, const char *name, const char *value)
{
	if (strcmp(name, "Exports") == 0)
		return boolean_parse(value, &configuration->exports);
	if (strcmp(name, "Monitor") == 0)
		return boolean_parse(value, &configuration->monitor);
	if (strcmp(name, "Varlink") == 0)
		return boolean_parse(value, &configuration->varlink);
	return -ENOENT;
}

static void set_domains(struct configuration *configuration, const char *value, size_t number,
			struct notices *notices)
{
	if (strlen(value) < sizeof configuration->domains)
		strcpy(configuration->domains, value);
	else
		notices_add(notices, NOTICE_WARNING,
			    CONFIGURATION_PATH
			    ":%zu: Domains= is longer than %zu bytes; ignoring it",
			    number, sizeof configuration->domains - 1);
}

static void parse_setting(struct configuration *configuration, char *line, size_t number,
			  struct notices *notices)
{
	char quoted[QUOTED_SIZE], *value = strchr(line, '=');
	int r;

	if (value)
		*value++ = '\0';
	line = trim(line);
	value = value ? trim(value) : NULL;
	if (value && strcmp(line, "Domains") == 0) {
		set_domains(configuration, value, number, notices);
		return;
	}
	r = value ? set_switch(configuration, line, value) : -ENOENT;
	if (r == -ENOENT)
		notices_add(notices, NOTICE_WARNING,
			    CONFIGURATION_PATH ":%zu: '%s' is not a setting; ignoring it", number,
			    quote(line, quoted));
	else if (r < 0)
		notices_add(notices, NOTICE_WARNING,
			    CONFIGURATION_PATH ":%zu: '%s' is neither yes nor no; ignoring it",
			    number, quote(value, quoted));
}

static void read_lines(struct configuration *configuration, FILE *file, struct notices *notices)
{
	CLEANUP_FREE char *line = NULL;
	size_t room = 0;

	for (size_t number = 1; getline(&line, &room, file) >= 0; number++) {
		char *text = trim(line);

		if (*text && *text != '#' && *text != ';')
			parse_setting(configuration, text, number, notices);
	}
}

static void read_file(struct configuration *configuration, struct notices *notices)
{
	CLEANUP(close_file) FILE *file = fopen(CONFIGURATION_PATH, "re");

	if (file)
		read_lines(configuration, file, notices);
	else if (errno != ENOENT)
		notices_add(notices, NOTICE_WARNING, CONFIGURATION_PATH ": %s", strerror(errno));
}

const struct configuration *configuration_read(struct notices *notices)
{
	static struct configuration configuration;
	static struct notices mistakes;
	static bool is_read;

	if (!is_read) {
		configuration = defaults;
		read_file(&configuration, &mistakes);
	}
	is_read = true;
	if (notices)
		notices_move(notices, &mistakes);
	return &configuration;
}

struct configuration configuration_parse(const char *text)
{
	CLEANUP(close_file) FILE *file = fmemopen((char *) text, strlen(text), "r");
	struct configuration configuration = defaults;

	if (file)
		read_lines(&configuration, file, NULL);
	return configuration;
}
