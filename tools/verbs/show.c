/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines show */
#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/describe/json.h"
#include "tools/describe/properties.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/named_machines.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/pool_properties.h"
#include "tools/verbs/property_filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct show_settings {
	struct property_filter filter;
	enum json_mode json;
};

static void show_properties(const struct property_subject *subject,
			    const struct show_settings *settings)
{
	for (const struct property *p = properties; p->name; p++)
		if (property_is_wanted(&settings->filter, p->name))
			property_print(&settings->filter, p->name, p->value(subject));
}

/* Show a machine. If it `asks`, a VM's emulator may take its time to answer. */
static void show_machine(const struct machine *m, const struct pid_context *context,
			 const struct show_settings *settings, bool asks, bool first)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct property_subject subject = { m, context, &arena, asks };

	if (settings->json) {
		enum machine_state state = asks ? machine_state_ask(m, context)
						: machine_state_look(m, context);

		json_print(stdout, json_from_live_machine(m, context, state), settings->json);
		return;
	}
	if (!first)
		putchar('\n');
	show_properties(&subject, settings);
}

static int show_named(struct snapshot *s, const struct command_line *line,
		      const struct show_settings *settings)
{
	int status = EXIT_SUCCESS;
	bool first = true;

	for (int i = 0; i < line->n_names; i++) {
		struct failure failure;
		struct machine m;

		if (find_shown_machine(s, line->names[i], &m, &failure) < 0) {
			status = report(&failure);
			if (!goes_on_after_failure())
				break;
			continue;
		}
		show_machine(&m, &s->meta.context, settings, true, first);
		first = false;
	}
	return status;
}

static int show_all(struct snapshot *s, const struct show_settings *settings, struct failure *f)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = -ENOENT;

	for (bool first = true; s->is_open && (r = snapshot_next(s, folded, &m)) == 0;
	     first = false)
		show_machine(&m, &s->meta.context, settings, false, first);
	return r == -ENOENT ? EXIT_SUCCESS : registry_failure(f, REGISTRY_PATH, r);
}

static int show_machines(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	const struct show_settings *settings = data;

	if (settings->json &&
	    property_filter_check_json(&settings->filter, "show", "machines", f) < 0)
		return -1;
	if (is_machinectl() && line->n_names == 0) {
		pool_properties_print(&settings->filter);
		return EXIT_SUCCESS;
	}
	if (registry_open(&snapshot, f) < 0)
		return -1;
	return line->n_names ? show_named(&snapshot, line, settings)
			     : show_all(&snapshot, settings, f);
}

static const struct verb_option options[] = {
	{ "property", 'p', "NAME", offsetof(struct show_settings, filter), property_filter_add,
	  .help = "Show only this property, or several with commas between",
	  .values = COMPLETE_PROPERTY },
	{ "value", SETS(struct show_settings, filter.value_only, set_true),
	  .help = "Show only the values" },
	{ "all", 'a', SETS(struct show_settings, filter.all, set_true),
	  .help = "Show empty properties, too" },
	{ "json", .argument = "MODE", SETS(struct show_settings, json, set_json_mode),
	  .help = "Print an object for each machine: short, pretty, or off",
	  .values = COMPLETE_JSON },
	{ 0 },
};

const struct verb show_verb = {
	.name = "show",
	.synopsis = "[OPTION...] [NAME...]",
	.list_entry = "[NAME...]",
	.summary = "Show all facts about machines",
	.description = "Show all facts about the named machines, or about all.",
	.group = VERB_LOOK,
	.is_machinectl = true,
	.has_pager = true,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct show_settings),
	.run = show_machines,
};
