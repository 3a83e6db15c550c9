/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines doctor */
#include "tools/doctor/doctor.h"

#include "base/format.h"
#include "tools/describe/json.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"

#include <stdio.h>
#include <stdlib.h>

/* The words of JSON, and the colours on a terminal: console_codes(4). */
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
	json_print(stdout, array, mode);
}

static void print_findings(const struct doctor *doctor)
{
	bool colors = wants_colors();

	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *f = &doctor->findings[i];

		printf("%s%-7s%s  %-11s  %s%s%s\n", colors ? statuses[f->status].color : "",
		       statuses[f->status].word, colors ? "\033[0m" : "", f->check, f->message,
		       f->remedy ? "; fix: " : "", f->remedy ? f->remedy : "");
	}
}

static int examine(const struct command_line *line, void *data, struct failure *f)
{
	const enum json_mode *json = data;
	struct doctor doctor;

	(void) f;
	doctor_examine(&doctor, line->arena);
	if (*json)
		print_json(&doctor, *json);
	else
		print_findings(&doctor);
	return doctor_found_errors(&doctor) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct verb_option options[] = {
	{ "json", .argument = "MODE", .set = set_json_mode,
	  .help = "Print JSON: short, pretty, or off", .values = COMPLETE_JSON },
	{ 0 },
};

const struct verb doctor_verb = {
	.name = "doctor",
	.synopsis = "[OPTION...]",
	.list_entry = "",
	.summary = "Check the setup, and say how to fix it",
	.description = "Check that all is set up so that the host's programs see its machines. "
		       "Print what is wrong, and how to fix it. Fail if something is wrong. Root "
		       "can check more.",
	.group = VERB_SET_UP,
	.has_pager = true,
	.options = options,
	.settings_size = sizeof(enum json_mode),
	.run = examine,
};
