/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines show */
#include "registry/cleanup.h"
#include "tools/json.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/properties.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(void)
{
	puts("Usage: mymachines show [OPTION...] [NAME...]\n"
	     "\n"
	     "Show all that is known of machines, by name or alias, or of all of them.\n"
	     "\n"
	     "  -h, --help           Show this help\n"
	     "  -p, --property=NAME  Show only this property, or a list of them\n"
	     "      --value          Show only the values\n"
	     "  -a, --all            Show empty properties, too\n"
	     "      --json=MODE      Print an object for each: short, pretty, or off");
	return EXIT_SUCCESS;
}

struct settings {
	bool all;
	bool value_only;
	const char *properties[64];
	size_t n_properties;
	enum json_mode json;
};

/* A list with commas, cut in place. */
static int add_properties(struct settings *settings, char *list)
{
	char *rest;

	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (settings->n_properties == sizeof settings->properties / sizeof(char *)) {
			complain("show: too many properties");
			return -1;
		}
		settings->properties[settings->n_properties++] = name;
	}
	return 0;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct settings *settings)
{
	enum { OPTION_VALUE = 256, OPTION_JSON };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "all", no_argument, NULL, 'a' },
		{ "property", required_argument, NULL, 'p' },
		{ "value", no_argument, NULL, OPTION_VALUE },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "hap:", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case 'a': settings->all = true; break;
		case OPTION_VALUE: settings->value_only = true; break;
		case 'p':
			if (add_properties(settings, optarg) < 0)
				return EXIT_FAILURE + 1;
			break;
		case OPTION_JSON:
			if (json_mode_parse(optarg, &settings->json) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage("show") + 1;
		}
	}
	if (settings->json && (settings->n_properties || settings->value_only)) {
		complain("show: --json prints whole machines: not with --property or --value");
		return complain_usage("show") + 1;
	}
	return 0;
}

static bool is_wanted(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n_properties; i++)
		if (strcasecmp(settings->properties[i], name) == 0)
			return true;
	return settings->n_properties == 0;
}

static void show_properties(const struct property_subject *subject, const struct settings *settings)
{
	for (const struct property *p = properties; p->name; p++) {
		const char *value;

		if (!is_wanted(settings, p->name))
			continue;
		value = p->value(subject);
		if ((!value || !*value) && !settings->all && !settings->n_properties)
			continue;
		if (!settings->value_only)
			printf("%s=", p->name);
		puts(value ? value : "");
	}
}

static void show_machine(const struct machine *m, const struct registry_origin *origin,
			 const struct settings *settings, bool first)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct property_subject subject = { m, origin, &arena };

	if (settings->json) {
		json_print(json_from_live_machine(m, origin), settings->json);
		return;
	}
	if (!first)
		putchar('\n');
	show_properties(&subject, settings);
}

static int show_named(struct snapshot *s, char **names, int count, const struct settings *settings)
{
	int status = EXIT_SUCCESS;
	bool first = true;

	for (int i = 0; i < count; i++) {
		struct machine m;

		if (find_machine(s, names[i], &m) < 0) {
			status = EXIT_FAILURE;
			continue;
		}
		show_machine(&m, &s->meta.origin, settings, first);
		first = false;
	}
	return status;
}

static int show_all(struct snapshot *s, const struct settings *settings)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = -ENOENT;

	for (bool first = true; s->env && (r = snapshot_next(s, folded, &m)) == 0; first = false)
		show_machine(&m, &s->meta.origin, settings, first);
	if (r == -ENOENT)
		return EXIT_SUCCESS;
	complain_registry(REGISTRY_PATH, r);
	return EXIT_FAILURE;
}

int verb_show(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct settings settings = { 0 };
	int status = parse(argc, argv, &settings);

	if (status)
		return status - 1;
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	if (optind == argc)
		return show_all(&snapshot, &settings);
	return show_named(&snapshot, argv + optind, argc - optind, &settings);
}
