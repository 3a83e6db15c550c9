/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who answers org.freedesktop.machine1 on the system bus. mymachines-bus looks:
 * it alone links a library of the bus.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

/* What mymachines-bus keeps, and the lock by which it shows that it answers. */
#define MACHINE1_DIRECTORY REGISTRY_DIRECTORY "/bus"
#define MACHINE1_LOCK_PATH MACHINE1_DIRECTORY "/lock"

struct machine1_owner {
	pid_t pid;	     /* 0: nobody owns the name */
	bool is_ours;	     /* it is mymachines-bus */
	const char *program; /* the path of its program, in the arena; NULL if that can't be read */
};

/* The path of mymachines-bus, in the arena; NULL if it isn't installed. */
const char *machine1_program(struct arena *arena) __attribute__((nonnull));

/* Who owns the name. Nobody is started by it. 0, or -1 with a failure: there is no bus, for one. */
int machine1_find_owner(struct arena *arena, struct machine1_owner *owner, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Have the bus read its configuration again. 0, or -1 with a failure. */
int machine1_reload_bus(struct arena *arena, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether there is a system bus to ask. */
bool machine1_has_bus(void);

/* Whether the bus starts mymachines-bus, not another program, when somebody asks. */
bool machine1_can_be_started(void);

/* Whether mymachines-bus answers. Asks nobody: it has a lock. */
bool machine1_is_answered(void);
