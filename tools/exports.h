/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libsystemd reads: /run/systemd/machines/NAME, a state file for each
 * machine, and the links unit:UNIT to NAME. The registry is the truth, this
 * follows it; what others put there is left alone.
 */
#pragma once

#include "registry/writer.h"
#include "tools/arena.h"

/*
 * Bring the directory up to date with the registry, under the writer's lock,
 * after writer_publish(). 0, or -1 if something can't be done, which is said,
 * and tried again at the next call; the registry has all of it anyway.
 */
int exports_update(const struct writer *writer);

/*
 * Whether the directory follows this publication: if not, its writer is still at
 * it, was killed, or has failed. True where nothing is exported.
 */
bool exports_follow(uint64_t generation, bool has_machines);

/* What of the directory isn't as the registry would have it. */
struct exports_fault {
	size_t count;	  /* of files and links; 0: none */
	const char *path; /* of the first, escaped, in the arena */
	bool is_foreign;  /* which is somebody else's, in the way */
};

/*
 * Hold the directory against the registry. 0 with `fault`, or a negative errno: of the
 * directory, with its path in `fault`, or, without a path, of the registry.
 */
int exports_check(struct arena *arena, struct exports_fault *fault);
