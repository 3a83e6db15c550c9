/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exports for libsystemd: in /run/systemd/machines, a state file NAME for each
 * machine, and links unit:UNIT to NAME. The registry is the truth, and this
 * directory follows it. Files of others in there are left alone.
 */
#pragma once

#include "base/arena.h"
#include "base/notices.h"
#include "registry/writer.h"

/*
 * Bring the directory up to date with the registry, under the writer's lock,
 * after writer_publish(). 0, or -1 if something can't be written; the next
 * call tries it again. Files of others that are in the way are warnings.
 */
int exports_update(const struct writer *writer, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 3), warn_unused_result));

/*
 * Remove all exports, unless there is a registry by now. 0, or -1 if something can't
 * be removed.
 */
int exports_clear(struct notices *notices, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether the directory follows this publication. If not, its writer is still
 * at work, was killed, or has failed. True if nothing is exported.
 */
bool exports_are_current(uint64_t generation, bool has_machines);

/* Differences between the directory and the registry. */
struct exports_fault {
	size_t count;	  /* of files and links that differ */
	const char *path; /* of the first, escaped, in the arena */
	bool is_foreign;  /* the first is a file of others, in the way */
};

/*
 * Compare the directory with the registry. 0 with `fault`; or a negative errno,
 * of the directory if `fault` has a path, else of the registry.
 */
int exports_check(struct arena *arena, struct exports_fault *fault);
