/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines refresh */
#include "registry/cleanup.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/publish.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

static const char help[] =
	"Usage: mymachines refresh [NAME...]\n"
	"\n"
	"Read the id maps, addresses, units and roots of machines again, of all of them\n"
	"without a NAME. What was given at registration stays. A machine whose leader\n"
	"has died is forgotten. Where there is no registry, an empty one is made.\n"
	"\n"
	"  -h, --help   Show this help";

/* The machines to look at: each is registered once more, with nothing said of it. */
struct batch {
	struct arena arena;
	struct registration *registrations;
	size_t count;
};

static void batch_done(struct batch *batch)
{
	arena_done(&batch->arena);
}

static void add(struct batch *batch, const struct machine *m)
{
	struct registration reg = registration_to_refresh(&batch->arena, m);

	batch->registrations =
		arena_grow(&batch->arena, batch->registrations, batch->count, sizeof reg);
	batch->registrations[batch->count++] = reg;
}

static int collect(struct batch *batch, char **names, int count)
{
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = 0;

	if (open_registry(&s) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (find_machine(&s, names[i], &m) < 0)
			return -1;
		add(batch, &m);
	}
	while (count == 0 && s.env && (r = snapshot_next(&s, folded, &m)) == 0)
		add(batch, &m);
	if (r < 0 && r != -ENOENT)
		complain_registry(REGISTRY_PATH, r);
	return r < 0 && r != -ENOENT ? -1 : 0;
}

int verb_refresh(int argc, char **argv)
{
	CLEANUP(batch_done) struct batch batch = { 0 };
	int status = parse_help_only(argc, argv, "refresh", help);

	if (status)
		return status - 1;
	if (collect(&batch, argv + optind, argc - optind) < 0)
		return EXIT_FAILURE;
	return publish_registrations(batch.registrations, batch.count, PUBLISH_EMPTY);
}
