/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a machine as a tree of lines, as systemd-cgls(1) draws one. */
#pragma once

#include "registry/snapshot.h"

/*
 * Print all processes of the machine, each below its parent, with its command
 * line, and each line after `indent` and cut at `width` columns, 0 for not at
 * all. 0 or a negative errno.
 */
int process_tree_print(struct snapshot *snapshot, const struct machine *machine, const char *indent,
		       size_t width);

/* The name of a process, comm in proc(5), escaped, in the arena; NULL where it isn't to be seen. */
struct arena;
const char *process_name_read(struct arena *arena, uint32_t pid);
