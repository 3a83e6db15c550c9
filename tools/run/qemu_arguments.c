/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/qemu_arguments.h"

#include "base/array_size.h"
#include "base/json_value.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of an option: what QemuOpts makes of it. */
struct option_text {
	const char *text;
	const char *implied; /* the key of a first part that has none */
};

struct parser {
	struct qemu_arguments *found;
	struct arena *arena;
	char *const *command;
};

/*
 * Take one part, which ends at a comma; two commas are one that belongs to it.
 * `*at` moves behind the part.
 */
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

/* Whether the part is this key without a value: "server" means on, "noserver" off. */
static const char *flag_value(const char *part, const char *wanted)
{
	if (strcmp(part, wanted) == 0)
		return "on";
	return strncmp(part, "no", 2) == 0 && strcmp(part + 2, wanted) == 0 ? "off" : NULL;
}

/* Returns the last value of this key in "a=b,c=d", or NULL. */
static const char *find_value(struct arena *arena, struct option_text option, const char *wanted)
{
	const char *found = NULL, *implied = option.implied;

	for (const char *at = option.text; *at; implied = NULL) {
		char *part = take_part(arena, &at), *value = strchr(part, '=');

		if (value) {
			*value++ = '\0';
			if (strcmp(part, wanted) == 0)
				found = value;
		} else if (implied) {
			if (strcmp(implied, wanted) == 0)
				found = part;
		} else {
			const char *flag = flag_value(part, wanted);

			found = flag ? flag : found;
		}
	}
	return found;
}

/* qemu's booleans: qapi_bool_parse(). */
static bool is_on(const char *value)
{
	return value && (strcasecmp(value, "on") == 0 || strcasecmp(value, "yes") == 0 ||
			 strcasecmp(value, "true") == 0 || strcasecmp(value, "y") == 0);
}

/* Returns a number as qemu reads it, also "0x2a", in decimal digits. */
static const char *decimal(struct arena *arena, const char *text)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 0);

	return *text && !*end ? arena_printf(arena, "%llu", number) : text;
}

static void take_vsock(struct parser *p, const char *driver, const char *cid)
{
	static const char prefix[] = "vhost-vsock-";

	if (driver && cid && strncmp(driver, prefix, strlen(prefix)) == 0)
		p->found->vsock_cid = decimal(p->arena, cid);
}

/* A member of a JSON object as text, numbers included; or NULL. */
static const char *member_text(struct arena *arena, json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !(json_object_is_type(value, json_type_string) ||
	      json_object_is_type(value, json_type_int)))
		return NULL;
	return arena_strdup(arena, json_object_get_string(value));
}

static void take_json_device(struct parser *p, const char *text)
{
	const char *why;
	json_object *device = json_parse(text, strlen(text), &why);

	if (json_object_is_type(device, json_type_object))
		take_vsock(p, member_text(p->arena, device, "driver"),
			   member_text(p->arena, device, "guest-cid"));
	json_object_put(device);
}

static void take_device(struct parser *p, const char *text)
{
	const struct option_text option = { text, "driver" };

	if (*text == '{')
		take_json_device(p, text);
	else
		take_vsock(p, find_value(p->arena, option, "driver"),
			   find_value(p->arena, option, "guest-cid"));
}

static void take_smbios(struct parser *p, const char *text)
{
	const struct option_text option = { text, NULL };
	const char *type = find_value(p->arena, option, "type"),
		   *uuid = find_value(p->arena, option, "uuid");

	if (type && uuid && strcmp(type, "1") == 0)
		p->found->uuid = uuid;
}

/* Take the socket of a character device, if qemu listens at a file. */
static void take_socket(struct parser *p, struct option_text socket)
{
	const char *path = find_value(p->arena, socket, "path");

	if (path && is_on(find_value(p->arena, socket, "server")) &&
	    !is_on(find_value(p->arena, socket, "abstract")))
		p->found->qmp = path;
}

/*
 * Returns the value of an option, from behind its "=" or from the next
 * argument, to which `at` then moves; NULL if it is another option.
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

/* Take the socket of the character device with this id, which may be defined later. */
static void take_chardev(struct parser *p, const char *id)
{
	for (char *const *at = p->command + 1; id && *at; at++) {
		const char *text = option_value(&at, "chardev");
		const struct option_text option = { text, "backend" };
		const char *backend, *its_id;

		if (!text)
			continue;
		backend = find_value(p->arena, option, "backend");
		its_id = find_value(p->arena, option, "id");
		if (backend && its_id && strcmp(backend, "socket") == 0 && strcmp(its_id, id) == 0)
			take_socket(p, option);
	}
}

static void take_qmp(struct parser *p, const char *text)
{
	static const char path[] = "unix:", chardev[] = "chardev:";

	if (strncmp(text, path, strlen(path)) == 0)
		take_socket(p, (struct option_text){ text + strlen(path), "path" });
	else if (strncmp(text, chardev, strlen(chardev)) == 0)
		take_chardev(p, text + strlen(chardev));
}

static void take_monitor(struct parser *p, const char *text)
{
	const struct option_text option = { text, "chardev" };
	const char *mode = find_value(p->arena, option, "mode");

	if (mode && strcmp(mode, "control") == 0)
		take_chardev(p, find_value(p->arena, option, "chardev"));
}

static void take_name(struct parser *p, const char *text)
{
	const struct option_text option = { text, "guest" };
	const char *name = find_value(p->arena, option, "guest");

	if (name)
		p->found->name = name;
}

static void take_uuid(struct parser *p, const char *text)
{
	p->found->uuid = text;
}

static const struct {
	const char *option;
	void (*take)(struct parser *parser, const char *text);
} options[] = {
	{ "name", take_name },	   { "uuid", take_uuid }, { "smbios", take_smbios },
	{ "device", take_device }, { "qmp", take_qmp },	  { "qmp-pretty", take_qmp },
	{ "mon", take_monitor },
};

void qemu_arguments_parse(struct qemu_arguments *q, struct arena *arena, char *const *command)
{
	struct parser parser = { .found = q, .arena = arena, .command = command };

	*q = (struct qemu_arguments){ 0 };
	for (char *const *at = command + 1; *command && *at; at++) {
		const char *value = NULL;
		size_t i = 0;

		for (; i < ARRAY_SIZE(options); i++)
			if ((value = option_value(&at, options[i].option)))
				break;
		if (value)
			options[i].take(&parser, value);
		else if (strcmp(*at, "-daemonize") == 0 || strcmp(*at, "--daemonize") == 0)
			q->daemonizes = true;
	}
}
