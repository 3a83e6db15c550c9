/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/arguments.h"

#include "base/array_size.h"
#include "registry/record.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

static const char *check_list(const char *value)
{
	for (const char *at = value;; at++) {
		size_t length = strcspn(at, ",");

		if (length == 0)
			return "has an empty element";
		if (length >= ELEMENT_SIZE)
			return "has an element longer than 255 bytes";
		at += length;
		if (!*at)
			return NULL;
	}
}

/*
 * Returns the closing bracket of a glob, or NULL if it is missing, or something
 * unusual is between the brackets.
 */
static const char *skip_brackets(const char *at)
{
	at++;
	at += *at == '!' || *at == '^';
	do
		if (!is_name_byte(*at) && *at != '.')
			return NULL;
	while (*++at != ']');
	return at;
}

/* A glob that can match no machine's name is a mistake. In not-from=, it would let everybody in. */
static const char *check_globs(const char *value)
{
	const char *why = check_list(value);
	char element[ELEMENT_SIZE];

	while (!why && list_next(&value, element)) {
		const char *at = element;

		for (; at && *at; at = at ? at + 1 : NULL)
			if (*at == '[')
				at = skip_brackets(at);
			else if (!is_name_byte(*at) && !strchr("*?.", *at))
				at = NULL;
		if (!at || at[-1] == '.')
			why = "can match no machine's name";
	}
	return why;
}

static const char *check_classes(const char *value)
{
	const char *why = check_list(value);
	char element[ELEMENT_SIZE];
	enum machine_class class;

	while (!why && list_next(&value, element))
		if (machine_class_parse(element, &class) < 0)
			why = "names a class other than container and vm";
	return why;
}

static const char *check_elsewhere(const char *value)
{
	return strcmp(value, "ignore") == 0 || strcmp(value, "deny") == 0
		       ? NULL
		       : "is neither ignore nor deny";
}

static const char *check_name(const char *value)
{
	char folded[MACHINE_NAME_SIZE];

	return machine_name_fold(value, folded) ? NULL : "is not a name that a machine can have";
}

#define VALUE(member) offsetof(struct arguments, member)

/* Arguments with a value. */
static const struct {
	const char *name;
	int facilities;
	size_t offset;
	const char *(*check)(const char *value); /* returns NULL, or why the value is wrong */
} valued[] = {
	{ "from", FACILITY_ACCOUNT, VALUE(from), check_globs },
	{ "not-from", FACILITY_ACCOUNT, VALUE(not_from), check_globs },
	{ "class", FACILITY_ACCOUNT, VALUE(classes), check_classes },
	{ "user", FACILITY_ACCOUNT, VALUE(users), check_list },
	{ "group", FACILITY_ACCOUNT, VALUE(groups), check_list },
	{ "elsewhere", FACILITY_ACCOUNT, VALUE(elsewhere), check_elsewhere },
	{ "permit", FACILITY_ACCOUNT, VALUE(permitted), check_list },
	{ "network", FACILITY_SESSION, VALUE(network), check_name },
};

static const struct {
	const char *name;
	int facilities;
	size_t offset;
} flags[] = {
	{ "debug", ~0, VALUE(debug) },
	{ "optional-network", FACILITY_SESSION, VALUE(network_is_optional) },
};

/* Returns the text behind "NAME=", or NULL if the argument is another one. */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 && argument[length] == '='
		       ? argument + length + 1
		       : NULL;
}

static const char *take_value(enum facility facility, size_t i, const char *value,
			      struct arguments *arguments)
{
	const char **member = (const char **) ((char *) arguments + valued[i].offset);

	if (!(valued[i].facilities & (int) facility))
		return "doesn't belong on a line of this kind";
	if (*member)
		return "is there twice";
	*member = value;
	return valued[i].check(value);
}

static const char *take_flag(enum facility facility, size_t i, struct arguments *arguments)
{
	if (!(flags[i].facilities & (int) facility))
		return "doesn't belong on a line of this kind";
	*(bool *) ((char *) arguments + flags[i].offset) = true;
	return NULL;
}

static const char *take(enum facility facility, const char *argument, struct arguments *arguments)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(argument, flags[i].name) == 0)
			return take_flag(facility, i, arguments);
	for (size_t i = 0; i < ARRAY_SIZE(valued); i++) {
		const char *value = value_of(argument, valued[i].name);

		if (value)
			return take_value(facility, i, value, arguments);
	}
	return "is not an argument of this module";
}

int arguments_parse(enum facility facility, int argc, const char **argv,
		    struct arguments *arguments, const char **wrong, const char **why)
{
	struct arguments parsed = { 0 };

	for (int i = 0; i < argc; i++) {
		*why = take(facility, argv[i], &parsed);
		if (*why) {
			*wrong = argv[i];
			return -EINVAL;
		}
	}
	if (parsed.network_is_optional && !parsed.network) {
		*wrong = "optional-network";
		*why = "is of no use without network=";
		return -EINVAL;
	}
	*arguments = parsed;
	return 0;
}

bool arguments_ask_for_source(const struct arguments *a)
{
	return a->from || a->not_from || a->classes || a->users || a->groups || a->elsewhere;
}

bool arguments_name_machines(const struct arguments *a)
{
	return a->from || a->not_from;
}

bool list_next(const char **list, char element[static ELEMENT_SIZE])
{
	size_t length = strcspn(*list, ",");

	if (!**list || length >= ELEMENT_SIZE)
		return false;
	memcpy(element, *list, length);
	element[length] = '\0';
	*list += length;
	*list += **list == ',';
	return true;
}

bool list_has(const char *list, const char *name)
{
	char element[ELEMENT_SIZE];

	while (list_next(&list, element))
		if (strcmp(element, name) == 0)
			return true;
	return false;
}

/* FNM_CASEFOLD and tolower(3) depend on the locale, in which I may not be the capital of i. */
static void fold(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char) (*text - 'A' + 'a');
}

bool list_matches(const char *list, const char *machine_name)
{
	char element[ELEMENT_SIZE], folded[MACHINE_NAME_SIZE];

	if (machine_name_fold(machine_name, folded) == 0)
		return false;
	while (list_next(&list, element)) {
		fold(element);
		if (fnmatch(element, folded, FNM_NOESCAPE) == 0)
			return true;
	}
	return false;
}
