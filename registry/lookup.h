/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry for programs that report to a person: opening it, finding a
 * machine by the name that was typed, and why something can't be done to a
 * machine. Plug-ins don't link this.
 */
#pragma once

#include "base/failure.h"
#include "registry/mapped_snapshot.h"
#include "registry/writer.h"

/*
 * Open the registry that is there now. If there is none, or one of an earlier
 * boot, the snapshot isn't open, and nothing is found in it. 0, or -1 with a
 * failure.
 */
int registry_open(struct snapshot *snapshot, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Find a machine by a name or alias as typed: upper case is folded, a trailing
 * dot is accepted. 0, or -1 with a failure: FAILURE_NO_MACHINE if there is none.
 */
int machine_find(struct snapshot *snapshot, const char *name, struct machine *machine,
		 struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* The same in a writer's change. The machine is good until the next change. */
int machine_find_in_change(struct writer *writer, const char *name, struct machine *machine,
			   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Why the registry at `path` can't be read or written, and what to do. Returns -1. */
int registry_failure(struct failure *failure, const char *path, int error) __attribute__((nonnull));

/* registry_error_words(), and those of errors that only a writer has. */
const char *registry_writer_error_words(int error);

/*
 * Why something can't be done to a machine: "web1: cannot pause it: its leader
 * has died". `what` is a verb and its object. Returns -1.
 */
int machine_failure(struct failure *failure, const struct machine *machine, const char *what,
		    int error) __attribute__((nonnull));
