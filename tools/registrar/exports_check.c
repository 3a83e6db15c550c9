/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cleanup.h"
#include "base/format.h"
#include "tools/registrar/exports.h"
#include "tools/registrar/exports_directory.h"
#include "tools/registrar/state_file.h"

#include <errno.h>
#include <string.h>

static void add_fault(struct arena *arena, struct exports_fault *fault, const char *name,
		      enum ownership owner)
{
	char *shown;

	if (fault->count++ > 0)
		return;
	shown = arena_escape(arena, name);
	fault->path = arena_printf(arena, MACHINES_DIRECTORY "/%s", shown);
	fault->is_foreign = owner == OWNED_BY_OTHERS;
}

static void check_state(struct exports_directory *d, struct arena *arena, const char *name,
			struct exports_fault *fault)
{
	const char *text = "";
	enum ownership owner = exports_read_state(d, name, &text);
	struct machine m;

	if (exports_find_machine(d, name, &m)
		    ? owner != OWNED_BY_US || strcmp(text, state_file_text(&d->arena, &m)) != 0
		    : owner == OWNED_BY_US)
		add_fault(arena, fault, name, owner);
}

static void check_link(struct exports_directory *d, struct arena *arena, const char *unit,
		       struct exports_fault *fault)
{
	const char *link = exports_link_name(d, unit);
	char target[PATH_MAX];
	enum ownership owner = exports_read_link(d, unit, target);
	struct machine m;

	if (strlen(link) > NAME_MAX)
		return;
	if (exports_find_machine_of_unit(d, unit, &m)
		    ? owner != OWNED_BY_US || strcmp(target, m.name) != 0
		    : owner == OWNED_BY_US)
		add_fault(arena, fault, link, owner);
}

static int check_entries(struct exports_directory *d, struct arena *arena,
			 struct exports_fault *fault)
{
	CLEANUP(string_list_done) struct string_list names = { 0 }, units = { 0 };
	int r = exports_list_all(d, &names, &units);

	for (size_t i = 0; r == 0 && i < names.count; i++)
		check_state(d, arena, names.items[i], fault);
	for (size_t i = 0; r == 0 && i < units.count; i++)
		check_link(d, arena, units.items[i], fault);
	return r;
}

int exports_check(struct arena *arena, struct exports_fault *fault)
{
	CLEANUP(exports_directory_close) struct exports_directory d = { .fd = -1 };
	int r = snapshot_open(&d.snapshot, REGISTRY_PATH);

	*fault = (struct exports_fault){ 0 };
	if (r == -ESTALE)
		return 0;
	/* If there is no registry, there is no machine. */
	if (r < 0 && r != -ENOENT)
		return r;
	fault->path = MACHINES_DIRECTORY;
	r = exports_directory_open(&d, false);
	if (r == -ENOENT && d.snapshot.meta.machines == 0)
		return 0;
	return r < 0 ? r : check_entries(&d, arena, fault);
}
