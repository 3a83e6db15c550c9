/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines bind */
#include "base/quote.h"
#include "tools/enter/bind_mount.h"

#include "base/cleanup.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/verb_entrance.h"

struct bind_settings {
	bool make_target;
	bool is_read_only;
};

static int bind_path(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	const struct bind_settings *settings = data;
	struct notices notices = verb_notices();
	struct bind_mount bind = {
		.here = line->names[1],
		.there = line->names[2] ?: line->names[1],
		.make_target = settings->make_target,
		.is_read_only = settings->is_read_only,
	};
	char quoted[QUOTED_SIZE];

	if (*bind.there != '/')
		return failure_set(f, FAILURE_INVALID,
				   "bind: the path in the machine must be absolute, '%s' isn't",
				   quote(bind.there, quoted));
	if (verb_entrance_open(line->names[0], "which has mounts of its own only", &entrance, f) <
	    0)
		return -1;
	return bind_mount_make(&bind, &entrance, &notices, f);
}

static const struct verb_option options[] = {
	{ "mkdir", SETS(struct bind_settings, make_target, set_true),
	  .help = "Make the path in the machine if it doesn't exist" },
	{ "read-only", SETS(struct bind_settings, is_read_only, set_true),
	  .help = "Let nobody in the machine write to it" },
	{ 0 },
};

#define TAKES "takes the name of a machine and one path or two"

const struct verb bind_verb = {
	.name = "bind",
	.synopsis = "[OPTION...] NAME PATH [PATH]",
	.list_entry = "NAME PATH",
	.summary = "Mount a file or directory of the host in a container",
	.description = "Mount a file or directory of the host in a container. Without a second "
		       "path, it has the same path there.",
	.notes = "In a user namespace, files have the same owners as on the host, where the file\n"
		 "system supports that: root of the machine is root of these files.",
	.group = VERB_ENTER,
	.is_machinectl = true,
	.operands = { .min = 2,
		      .max = 3,
		      .too_few = TAKES,
		      .too_many = TAKES,
		      .values = { COMPLETE_MACHINE, COMPLETE_FILE, COMPLETE_MACHINE_PATH } },
	.options = options,
	.settings_size = sizeof(struct bind_settings),
	.run = bind_path,
};
