/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /run/systemd/machines, in which others may have files, too. A state file is
 * ours if it is root's, regular, and begins with our mark. A link unit:UNIT is
 * ours if it leads to a state file of ours that names that unit.
 */
#pragma once

#include "base/arena.h"
#include "base/array.h"
#include "registry/snapshot.h"

#include <limits.h>
#include <stdbool.h>

/* libsystemd's path: src/libsystemd/sd-login/sd-login.c. */
#define MACHINES_DIRECTORY "/run/systemd/machines"

struct exports_directory {
	int fd; /* or -1 */
	struct arena arena;
	struct snapshot
		snapshot; /* the registry that it should follow; without one, it has no machine */
};

enum ownership {
	OWNED_BY_NOBODY, /* there is no such file */
	OWNED_BY_US,
	OWNED_BY_OTHERS,
};

/*
 * Open it, and make it if `make`. 0, or a negative errno: -EPERM if others than
 * root can write to it, and so decide where root's writes would go; -ELOOP if it
 * is a link.
 */
int exports_directory_open(struct exports_directory *directory, bool make);

void exports_directory_close(struct exports_directory *directory);

/* Whose state file has this name, and its text in the arena. */
enum ownership exports_read_state(struct exports_directory *directory, const char *name,
				  const char **text);

/* Replace the state file of this name by a complete one. 0 or a negative errno. */
int exports_write_state(struct exports_directory *directory, const char *name, const char *text);

/* Remove what an interrupted exports_write_state() has left. */
void exports_remove_temporary(struct exports_directory *directory);

/* "unit:UNIT", in the arena. */
const char *exports_link_name(struct exports_directory *directory, const char *unit);

/* Whose link the unit has, and where that leads. */
enum ownership exports_read_link(struct exports_directory *directory, const char *unit,
				 char target[static PATH_MAX]);

/* The machine of exactly this name. */
bool exports_find_machine(struct exports_directory *directory, const char *name,
			  struct machine *machine);

/* The machine that the unit's link should lead to: the unit is its own, machine_unit.h. */
bool exports_find_machine_of_unit(struct exports_directory *directory, const char *unit,
				  struct machine *machine);

/*
 * List the names and units that are in the directory, and those that should be
 * and aren't. 0 or a negative errno.
 */
int exports_list_all(struct exports_directory *directory, struct string_list *names,
		     struct string_list *units);
