/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/qemu_arguments.h"

#include <stdlib.h>
#include <string.h>

/* Up to the comma that ends it; two of them are one that is part of it. Moves behind it. */
static char *take_part(struct arena *arena, const char **at)
{
	char *part = arena_alloc(arena, strlen(*at) + 1), *to = part;

	for (; **at; (*at)++) {
		if (**at == ',' && *++*at != ',')
			break;
		*to++ = **at;
	}
	*to = '\0';
	return part;
}

/*
 * The last value of this key in "a=b,c=d"; a first part that has no key has the
 * `implied` one. NULL if there is none.
 */
static const char *find_value(struct arena *arena, const char *text, const char *implied,
			      const char *wanted)
{
	const char *found = NULL, *key;

	for (const char *at = text; *at; implied = NULL) {
		char *part = take_part(arena, &at), *value = strchr(part, '=');

		key = value ? part : implied;
		if (value)
			*value++ = '\0';
		else
			value = part;
		if (key && strcmp(key, wanted) == 0)
			found = value;
	}
	return found;
}

/* A number as qemu reads it, also "0x2a", in decimal digits. */
static const char *decimal(struct arena *arena, const char *text)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 0);

	return *text && !*end ? arena_printf(arena, "%llu", number) : text;
}

static void take_device(struct qemu_arguments *q, struct arena *arena, const char *text)
{
	const char *driver = find_value(arena, text, "driver", "driver");
	const char *cid = find_value(arena, text, "driver", "guest-cid");

	if (driver && cid && strncmp(driver, "vhost-vsock-", strlen("vhost-vsock-")) == 0)
		q->vsock_cid = decimal(arena, cid);
}

/* Where it listens; not where it would connect to somebody who does. */
static void take_qmp(struct qemu_arguments *q, struct arena *arena, const char *text)
{
	static const char scheme[] = "unix:";

	if (strncmp(text, scheme, strlen(scheme)) == 0 && strstr(text, ",server"))
		q->qmp = find_value(arena, text + strlen(scheme), "path", "path");
}

/*
 * The value of an option, from behind its "=" or from the next argument, to
 * which `at` then moves; NULL if the argument is another option, or the last.
 */
static const char *option_value(char *const **at, const char *option)
{
	const char *text = **at;
	size_t length = strlen(option);

	if (*text++ != '-')
		return NULL;
	text += *text == '-';
	if (strncmp(text, option, length) != 0 || (text[length] != '\0' && text[length] != '='))
		return NULL;
	if (text[length] == '=')
		return text + length + 1;
	return (*at)[1] ? *++*at : NULL;
}

void qemu_arguments_parse(struct qemu_arguments *q, struct arena *arena, char *const *command)
{
	*q = (struct qemu_arguments){ 0 };
	for (char *const *at = command + 1; *command && *at; at++) {
		const char *value;

		if ((value = option_value(&at, "name"))) {
			const char *name = find_value(arena, value, "guest", "guest");

			q->name = name ? name : q->name;
		} else if ((value = option_value(&at, "uuid"))) {
			q->uuid = value;
		} else if ((value = option_value(&at, "device"))) {
			take_device(q, arena, value);
		} else if ((value = option_value(&at, "qmp"))) {
			take_qmp(q, arena, value);
		} else if (strcmp(*at, "-daemonize") == 0 || strcmp(*at, "--daemonize") == 0) {
			q->daemonizes = true;
		}
	}
}
