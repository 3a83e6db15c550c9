/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way into a machine: its leader's namespaces, root directory and limits.
 * A visitor goes that way: visitor.h.
 */
#pragma once

#include "base/failure.h"
#include "registry/file.h"
#include "registry/record.h"

#include <stdbool.h>
#include <stdint.h>

struct entrance {
	char machine[MACHINE_NAME_SIZE]; /* its name: messages begin with it */
	uint32_t leader;
	int pidfd;
	int root;		/* the leader's root directory */
	int namespaces;		/* CLONE_NEW* of those that the caller isn't in */
	uint64_t capabilities;	/* the leader's bounding set: capabilities(7) */
	bool no_new_privileges; /* the leader has it: no_new_privs of prctl(2) */
};

#define ENTRANCE_INIT                                                                              \
	{                                                                                          \
		.pidfd = -1, .root = -1                                                            \
	}

/*
 * Open the way into a machine that was registered at this origin. Checks that it
 * is a container, that its leader still lives and isn't paused, and that there is a
 * namespace or a root directory to enter. 0, or -1 with a failure. Close it in
 * either case.
 */
int entrance_open(struct entrance *entrance, const struct machine *machine,
		  const struct pid_context *context, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

void entrance_close(struct entrance *entrance) __attribute__((nonnull));
