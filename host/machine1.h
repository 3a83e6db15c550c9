/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who answers org.freedesktop.machine1 and org.freedesktop.import1 on the system bus. The programs that
 * answer for us look: they alone link a library of the bus.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

/* The state of mymachines-bus, and the lock that shows that it answers. */
#define MACHINE1_DIRECTORY REGISTRY_DIRECTORY "/bus"
#define MACHINE1_LOCK_PATH MACHINE1_DIRECTORY "/lock"

/* Our programs: each answers one name. */
#define MACHINE1_PROGRAM "mymachines-bus"
#define IMPORT1_PROGRAM	 "mymachines-import-bus"

struct bus_owner {
	pid_t pid;	     /* 0: nobody owns the name */
	bool is_ours;	     /* it is our program */
	const char *program; /* the path of its program, in the arena; NULL if that can't be read */
};

/* The path of one of these programs, in the arena; NULL if it isn't installed. */
const char *bus_program(struct arena *arena, const char *program) __attribute__((nonnull));

/*
 * Who owns the name that such a program answers. Nobody is started by it. 0, or -1 with a failure: there is no
 * bus, for one.
 */
int bus_find_owner(struct arena *arena, const char *program, struct bus_owner *owner,
		   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Have the bus read its configuration again. 0, or -1 with a failure. */
int bus_reload(struct arena *arena, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether there is a system bus to ask. */
bool bus_is_there(void);

/* Whether the bus starts mymachines-bus, not another program, when somebody asks. */
bool machine1_can_be_started(void);

/* Whether mymachines-bus answers. Asks nobody: it has a lock. */
bool machine1_is_answered(void);
