/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines refresh */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/machine_copy.h"
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
	"has died is forgotten.\n"
	"\n"
	"  -h, --help   Show this help";

/* The machines to look at, in the arena. */
struct batch {
	struct arena arena;
	struct registration *alive;
	size_t n_alive;
	const char **gone;
	size_t n_gone;
};

static void batch_done(struct batch *batch)
{
	arena_done(&batch->arena);
}

/* A machine that runs is registered once more, with nothing said of it. */
static void add(struct batch *batch, const struct machine *m, const struct registry_origin *origin)
{
	struct arena *arena = &batch->arena;
	const char *name = arena_strdup(arena, m->name);
	struct registration reg = { .arena = arena, .subject = name, .update_only = true };

	if (leader_has_died(&m->leader, origin)) {
		batch->gone = arena_grow(arena, batch->gone, batch->n_gone, sizeof *batch->gone);
		batch->gone[batch->n_gone++] = name;
		return;
	}
	reg.machine.name = name;
	reg.leader = m->leader.pid;
	reg.has_leader = true;
	batch->alive = arena_grow(arena, batch->alive, batch->n_alive, sizeof reg);
	batch->alive[batch->n_alive++] = reg;
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
		add(batch, &m, &s.meta.origin);
	}
	while (count == 0 && s.env && (r = snapshot_next(&s, folded, &m)) == 0)
		add(batch, &m, &s.meta.origin);
	if (r < 0 && r != -ENOENT)
		complain_registry(REGISTRY_PATH, r);
	return r < 0 && r != -ENOENT ? -1 : 0;
}

/* Under the lock it is looked at once more: the name may have a new machine meanwhile. */
static int forget(struct writer *w, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine m;
	int r;

	machine_name_fold(name, folded);
	r = snapshot_find_name(&w->copy, folded, &m);
	if (r == 0 && leader_has_died(&m.leader, &w->copy.meta.origin)) {
		complain("%s: leader %u has died; unregistered", name, m.leader.pid);
		r = writer_remove(w, folded);
	}
	if (r < 0 && r != -ENOENT)
		complain_registry(w->path, r);
	return r < 0 && r != -ENOENT ? -1 : 0;
}

static int forget_gone(const struct batch *batch)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };

	if (batch->n_gone == 0)
		return EXIT_SUCCESS;
	if (open_registry_writer(&writer) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < batch->n_gone; i++)
		if (forget(&writer, batch->gone[i]) < 0)
			return EXIT_FAILURE;
	return publish(&writer) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_refresh(int argc, char **argv)
{
	CLEANUP(batch_done) struct batch batch = { 0 };
	int status = parse_help_only(argc, argv, help);

	if (status)
		return status - 1;
	if (collect(&batch, argv + optind, argc - optind) < 0 ||
	    forget_gone(&batch) != EXIT_SUCCESS)
		return EXIT_FAILURE;
	if (batch.n_alive == 0)
		return EXIT_SUCCESS;
	return publish_registrations(batch.alive, batch.n_alive, false);
}
