/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of systemd's units, as systemd.unit(5) reads them: a unit's own
 * file, and drop-ins from several directories, in the order of their names.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* A file that sets ExecStart=. */
struct unit_command {
	const char *path;
	const char *file_name; /* of a drop-in; NULL: it is the unit's own file */
	bool is_reset;	       /* it clears the commands of the files before it */
	const char *command;   /* the last that it sets, continued lines joined; or NULL */
	size_t n_commands;     /* that it sets after clearing */
};

struct unit_commands {
	struct unit_command *items; /* in the order in which systemd reads them */
	size_t count;
	bool is_masked; /* the unit's own file is empty or leads nowhere: systemd starts none */
};

/*
 * Find the files that set ExecStart= of the template PREFIX@.service, or with
 * an instance those of that instance, of which many are the template's.
 * Drop-ins that contain `mark` are left out.
 */
struct unit_commands unit_find_commands(struct arena *arena, const char *prefix,
					const char *instance, const char *mark);

/* Returns the commands with those of a drop-in besides, at its place by its name. */
struct unit_commands unit_add_command(struct arena *arena, const struct unit_commands *commands,
				      const struct unit_command *drop_in);

/*
 * Returns the path of a drop-in that systemd reads in the place of this one of the template, as that
 * has the same name in a directory that wins; or NULL. With an instance, as for that.
 */
const char *unit_find_hiding(struct arena *arena, const char *prefix, const char *instance,
			     const char *path);

/*
 * Returns the command that systemd runs, or NULL if there is none or more than
 * one.
 */
const char *unit_effective_command(const struct unit_commands *commands);

/*
 * The file of another service than these two that wants a name on the bus, for which systemd then
 * has two services and starts none; or NULL. A file of the second name does not count where a
 * file in /etc/systemd/system would hide it.
 */
const char *unit_find_bus_claim(struct arena *arena, const char *bus_name, const char *own,
				const char *hidden);

/* Returns the instances of a template that have files of their own, with NULL behind the last. */
char **unit_find_instances(struct arena *arena, const char *prefix);

/* Whether systemd has brought this unit, and nobody has masked it in /etc. */
bool unit_is_stock(const char *name) __attribute__((nonnull));
