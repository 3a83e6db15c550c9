/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files in a container say of its operating system. Its root can write them, and can
 * mount a file system that never answers: they are claims, and are read with a deadline.
 */
#pragma once

#include "base/arena.h"
#include "registry/record.h"

/*
 * Find out which root directory an O_PATH descriptor leads to, of which nothing is read. The
 * system becomes one that says nothing. 0 or a negative errno.
 */
int machine_system_identify(int root, struct machine_system *system);

/* Whether both are of the same root directory. */
bool machine_system_is_of_root(const struct machine_system *a, const struct machine_system *b);

/* Whether an operating system or a machine id is missing. */
bool machine_system_lacks(const struct machine_system *system);

/*
 * Read the files below that root directory, each within so many milliseconds. The texts are in
 * the arena. A file that is missing or makes no sense says nothing. 0; -ETIMEDOUT; or another
 * negative errno if this process lacks what it needs to read them.
 */
int machine_system_read(struct arena *arena, int root, int milliseconds,
			struct machine_system *system);

/* The same of a machine in the host's mount namespace, whose files are the host's: no deadline. */
int machine_system_read_hosts(struct arena *arena, int root, struct machine_system *system);
