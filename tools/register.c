/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines register: by options, or many as JSON lines. */
#include "registry/cleanup.h"
#include "tools/facts.h"
#include "tools/json.h"
#include "tools/message.h"
#include "tools/monitor_start.h"
#include "tools/publish.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* A record is at most 64 KiB; as JSON with all its digits it is well below this. */
#define LINE_MAX_BYTES (1024 * 1024)

enum {
	OPTION_BATCH = 256,
	OPTION_LEADER,
	OPTION_NO_MONITOR,
	OPTION_REPLACE,
	OPTION_SCOPE,
};

static int help(void)
{
	printf("Usage: mymachines register NAME --leader=PID [OPTION...]\n"
	       "       mymachines register --batch [--replace] [--scope] < FILE\n"
	       "\n"
	       "Register a running machine under NAME. What isn't said is read from its leader:\n"
	       "namespaces, id maps, addresses, unit, root directory. To register the same\n"
	       "leader again updates the record: what was said before and isn't now, stays.\n"
	       "\n"
	       "  -h, --help                 Show this help\n"
	       "      --leader=PID           The machine's first process, as the host sees it\n"
	       "      --scope                Put it into a scope of its own, if it is in no unit\n"
	       "      --replace              Throw out a live machine with the name or leader\n"
	       "      --no-monitor           Don't start the monitor, if none runs\n"
	       "      --batch                Read JSON objects, one a line; publish all at once\n"
	       "%s\n",
	       fact_options_help);
	return EXIT_SUCCESS;
}

struct settings {
	bool batch;
	bool no_monitor;
	bool replace;
	bool scope;
	bool help;
	const char *facts_said; /* an option that says something of one machine */
};

/* Once for the settings and, with the name known, again for the facts: messages begin with it. */
static int parse(int argc, char **argv, struct settings *settings, struct registration *reg)
{
	static const struct option own[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "batch", no_argument, NULL, OPTION_BATCH },
		{ "leader", required_argument, NULL, OPTION_LEADER },
		{ "no-monitor", no_argument, NULL, OPTION_NO_MONITOR },
		{ "replace", no_argument, NULL, OPTION_REPLACE },
		{ "scope", no_argument, NULL, OPTION_SCOPE },
	};
	struct option options[sizeof own / sizeof *own + N_FACT_OPTIONS + 1];
	int option, r;

	memcpy(options, own, sizeof own);
	fact_options_fill(options + sizeof own / sizeof *own);
	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		r = 0;
		switch (option) {
		case 'h': settings->help = true; break;
		case OPTION_BATCH: settings->batch = true; break;
		case OPTION_NO_MONITOR: settings->no_monitor = true; break;
		case OPTION_REPLACE: settings->replace = true; break;
		case OPTION_SCOPE: settings->scope = true; break;
		case '?': return -1;
		case OPTION_LEADER:
			settings->facts_said = "leader";
			r = reg ? registration_set_leader(reg, optarg) : 0;
			break;
		default:
			settings->facts_said = fact_option_name(option);
			r = reg ? fact_option_set(reg, option, optarg) : 0;
		}
		if (r < 0)
			return -1;
	}
	return 0;
}

/* And then have them watched. */
static int publish_all(const struct registration *registrations, size_t count,
		       const struct settings *settings)
{
	int status = publish_registrations(registrations, count,
					   settings->replace ? PUBLISH_REPLACE : 0);

	if (status == EXIT_SUCCESS && count > 0 && !settings->no_monitor)
		monitor_start();
	return status;
}

static int register_one(int argc, char **argv, struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct registration reg = { .arena = &arena, .subject = "register" };

	if (argc - optind != 1) {
		complain("register: %s",
			 argc == optind ? "a name is missing" : "takes one name only");
		return complain_usage("register");
	}
	if (registration_set_name(&reg, argv[optind]) < 0)
		return EXIT_FAILURE;
	reg.subject = reg.machine.name;
	reg.scope = settings->scope;
	if (parse(argc, argv, settings, &reg) < 0 || registration_check(&reg) < 0)
		return EXIT_FAILURE;
	return publish_all(&reg, 1, settings);
}

/* One line: -1 after a message, 0 for an empty one, 1 for a registration. */
static int read_line(const char *line, size_t length, size_t number, struct registration *reg,
		     struct arena *arena)
{
	*reg = (struct registration){ .arena = arena,
				      .subject = arena_printf(arena, "line %zu", number) };
	if (length > LINE_MAX_BYTES) {
		complain("%s: is longer than 1 MiB", reg->subject);
		return -1;
	}
	if (line[strspn(line, " \t\r\n")] == '\0' && strlen(line) == length)
		return 0;
	if (json_to_registration(line, length, reg) < 0)
		return -1;
	if (reg->machine.name)
		reg->subject = arena_printf(arena, "line %zu: %s", number, reg->machine.name);
	return registration_check(reg) < 0 ? -1 : 1;
}

/* A line without its end, cut behind the limit. Returns its length, or -1 at the end. */
static ssize_t get_line(char line[static LINE_MAX_BYTES + 2])
{
	size_t length = 0;
	int byte;

	while ((byte = getchar_unlocked()) != EOF && byte != '\n')
		if (length <= LINE_MAX_BYTES)
			line[length++] = (char) byte;
	line[length] = '\0';
	return byte == EOF && length == 0 ? -1 : (ssize_t) length;
}

/* All registrations on standard input, or -1 after a message. */
static ssize_t read_batch(struct registration **registrations, struct arena *arena)
{
	CLEANUP_FREE char *line = malloc(LINE_MAX_BYTES + 2);
	size_t count = 0;
	ssize_t length;

	if (!line)
		arena_out_of_memory();
	for (size_t number = 1; (length = get_line(line)) >= 0; number++) {
		struct registration reg;
		int r;

		r = read_line(line, (size_t) length, number, &reg, arena);
		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		*registrations = arena_grow(arena, *registrations, count, sizeof reg);
		(*registrations)[count++] = reg;
	}
	if (ferror(stdin)) {
		complain("cannot read standard input: %s", strerror(errno));
		return -1;
	}
	return (ssize_t) count;
}

static int register_batch(int argc, const struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct registration *registrations = NULL;
	ssize_t count;

	if (optind < argc || settings->facts_said) {
		if (settings->facts_said)
			complain("register: --%s doesn't go with --batch", settings->facts_said);
		else
			complain("register: --batch takes no names");
		return complain_usage("register");
	}
	count = read_batch(&registrations, &arena);
	if (count < 0)
		return EXIT_FAILURE;
	for (ssize_t i = 0; i < count; i++)
		registrations[i].scope = settings->scope;
	return publish_all(registrations, (size_t) count, settings);
}

int verb_register(int argc, char **argv)
{
	struct settings settings = { 0 };

	if (parse(argc, argv, &settings, NULL) < 0)
		return complain_usage("register");
	if (settings.help)
		return help();
	return settings.batch ? register_batch(argc, &settings)
			      : register_one(argc, argv, &settings);
}
