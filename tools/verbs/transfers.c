/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines list-transfers and cancel-transfer */
#include "tools/verbs/import_program.h"
#include "tools/verbs/option_values.h"

static const struct verb_option list_options[] = {
	{ "no-legend", .help = "Print no header and no footer" },
	{ "json", .argument = "MODE", .help = "Print JSON: short, pretty, or off",
	  .values = COMPLETE_JSON },
	{ "output", 'o', "MODE", 0, check_output_mode, .help = "json or json-pretty: print JSON",
	  .values = "json json-pretty", .machinectl_only = true },
	{ 0 },
};

const struct verb list_transfers_verb = {
	.name = "list-transfers",
	.synopsis = "[OPTION...]",
	.list_entry = "",
	.summary = "List images that are being imported or exported",
	.description = "List images that are being imported or exported, and the progress.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.is_importctl = true,
	.operands = { .max = 0, .too_many = "takes no names" },
	.options = list_options,
	.run = run_import_program,
};

const struct verb cancel_transfer_verb = {
	.name = "cancel-transfer",
	.synopsis = "ID...",
	.summary = "Stop importing or exporting an image",
	.description = "Stop importing or exporting images, by the numbers that list-transfers "
		       "shows. Incomplete images are removed.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.is_importctl = true,
	.operands = { .min = 1,
		      .max = OPERANDS_MANY,
		      .too_few = "the number of a transfer is missing; see list-transfers" },
	.run = run_import_program,
};
