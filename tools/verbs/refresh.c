/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines refresh */
#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"
#include "tools/registrar/refresh.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"

#include <errno.h>
#include <stdlib.h>

struct refresh_settings {
	bool discard;
};

/* The machines to refresh. */
struct batch {
	struct arena *arena;
	struct machine_identity *machines;
	size_t count;
};

static void add_machine(struct batch *batch, const struct machine *m)
{
	batch->machines =
		arena_grow(batch->arena, batch->machines, batch->count, sizeof *batch->machines);
	batch->machines[batch->count++] =
		(struct machine_identity){ arena_strdup(batch->arena, m->name), m->leader };
}

/* The machines that the command line names, or all. */
static int collect_machines(struct batch *batch, const struct command_line *line, bool discard,
			    struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = 0;

	if (registry_open(&s, f) < 0)
		return discard && f->kind == FAILURE_DAMAGED && line->n_names == 0 ? 0 : -1;
	for (int i = 0; i < line->n_names; i++) {
		if (machine_find(&s, line->names[i], &m, f) < 0)
			return -1;
		add_machine(batch, &m);
	}
	while (line->n_names == 0 && s.is_open && (r = snapshot_next(&s, folded, &m)) == 0)
		add_machine(batch, &m);
	return r < 0 && r != -ENOENT ? registry_failure(f, REGISTRY_PATH, r) : 0;
}

static int refresh_named(const struct command_line *line, void *settings, struct failure *f)
{
	const struct refresh_settings *refresh = settings;
	const struct refresh_options options = { .make_registry = true,
						 .discard = refresh->discard,
						 .sweep = true,
						 .system_look = SYSTEM_LOOK_AGAIN,
						 .neighbour_wait = NEIGHBOUR_WAIT };
	struct batch batch = { .arena = line->arena };
	struct notices notices = { 0 };
	int r;

	if (collect_machines(&batch, line, refresh->discard, f) < 0)
		return -1;
	r = refresh_machines(batch.machines, batch.count, &options, &notices, f);
	report_notices(&notices, false);
	return r < 0 ? -1 : EXIT_SUCCESS;
}

static const struct verb_option options[] = {
	{ "discard", SETS(struct refresh_settings, discard, set_true),
	  .help = "Replace a registry that can't be read by an empty one" },
	{ 0 },
};

const struct verb refresh_verb = {
	.name = "refresh",
	.synopsis = "[--discard] [NAME...]",
	.list_entry = "[NAME...]",
	.summary = "Read id maps and addresses of machines again",
	.description =
		"Read the id maps, addresses, units, roots and operating systems of the named "
		"machines again, or of all. Facts that were given at registration stay. A "
		"machine whose leader has died is unregistered. If there is no registry, "
		"an empty one is made.",
	.group = VERB_REGISTER,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct refresh_settings),
	.run = refresh_named,
};
