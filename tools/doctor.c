/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines doctor */
#include "tools/doctor.h"

#include "registry/cleanup.h"
#include "tools/json.h"
#include "tools/message.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	doctor_check *run;
} checks[] = {
	/* clang-format off */
	{ "nsswitch", check_nsswitch },
	{ "module", check_module },
	{ "registry", check_registry },
	{ "machines", check_machines },
	{ "monitor", check_monitor },
	{ "exports", check_exports },
	{ "runtimes", check_runtimes },
	{ "confinement", check_confinement },
	/* clang-format on */
};

/* As words, and on a terminal: console_codes(4). */
static const struct {
	const char *word;
	const char *color;
} statuses[] = {
	/* clang-format off */
	[FINDING_OK] = { "ok", "\033[32m" },
	[FINDING_UNKNOWN] = { "unknown", "\033[36m" },
	[FINDING_HINT] = { "hint", "\033[36m" },
	[FINDING_WARNING] = { "warning", "\033[33m" },
	[FINDING_ERROR] = { "error", "\033[1;31m" },
	/* clang-format on */
};

static int help(void)
{
	puts("Usage: mymachines doctor [OPTION...]\n"
	     "\n"
	     "Look whether all is set up, so that the host's programs see its machines: what\n"
	     "is wrong, and what mends it. Fails if something is wrong. Root is told more.\n"
	     "\n"
	     "  -h, --help       Show this help\n"
	     "      --json=MODE  Print JSON: short, pretty, or off");
	return EXIT_SUCCESS;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, enum json_mode *json)
{
	enum { OPTION_JSON = 256 };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option == 'h')
			return help() + 1;
		if (option != OPTION_JSON)
			return complain_usage("doctor") + 1;
		if (json_mode_parse(optarg, json) < 0)
			return EXIT_FAILURE + 1;
	}
	if (optind < argc) {
		complain("doctor: takes no names");
		return complain_usage("doctor") + 1;
	}
	return 0;
}

void doctor_find(struct doctor *doctor, enum finding_status status, const char *remedy,
		 const char *format, ...)
{
	struct finding finding = { .check = doctor->check, .status = status, .remedy = remedy };
	va_list arguments;

	va_start(arguments, format);
	finding.message = arena_vprintf(doctor->arena, format, arguments);
	va_end(arguments);
	doctor->findings =
		arena_grow(doctor->arena, doctor->findings, doctor->count, sizeof finding);
	doctor->findings[doctor->count++] = finding;
}

void doctor_open_registry(struct doctor *doctor, bool wait)
{
	static const struct timespec moment = { .tv_nsec = 300 * 1000 * 1000 };

	if (wait)
		nanosleep(&moment, NULL);
	snapshot_close(&doctor->snapshot);
	doctor->registry = snapshot_open(&doctor->snapshot, REGISTRY_PATH);
}

bool doctor_has_no_machines(const struct doctor *doctor)
{
	if (doctor->registry == 0)
		return doctor->snapshot.meta.machines == 0;
	return doctor->registry == -ENOENT || doctor->registry == -ESTALE;
}

static json_object *finding_to_json(const struct finding *finding)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "check", json_object_new_string(finding->check));
	json_object_object_add(object, "status",
			       json_object_new_string(statuses[finding->status].word));
	json_object_object_add(object, "message", json_object_new_string(finding->message));
	json_object_object_add(object, "remedy",
			       finding->remedy ? json_object_new_string(finding->remedy) : NULL);
	return object;
}

static void print_json(const struct doctor *doctor, enum json_mode mode)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < doctor->count; i++)
		json_object_array_add(array, finding_to_json(&doctor->findings[i]));
	json_print(array, mode);
}

/* A terminal that knows colours, of somebody who hasn't asked for none: no-color.org. */
static bool wants_colors(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static void print(const struct doctor *doctor)
{
	bool colors = wants_colors();

	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *f = &doctor->findings[i];

		printf("%s%-7s%s  %-11s  %s%s%s\n", colors ? statuses[f->status].color : "",
		       statuses[f->status].word, colors ? "\033[0m" : "", f->check, f->message,
		       f->remedy ? "; mend it: " : "", f->remedy ? f->remedy : "");
	}
}

static bool has_errors(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->findings[i].status == FINDING_ERROR)
			return true;
	return false;
}

int verb_doctor(int argc, char **argv)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct doctor doctor = { .arena = &arena };
	enum json_mode json = JSON_OFF;
	int status = parse(argc, argv, &json);

	if (status)
		return status - 1;
	doctor_open_registry(&doctor, false);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		doctor.check = checks[i].name;
		checks[i].run(&doctor);
	}
	snapshot_close(&doctor.snapshot);
	if (json)
		print_json(&doctor, json);
	else
		print(&doctor);
	return has_errors(&doctor) ? EXIT_FAILURE : EXIT_SUCCESS;
}
