/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a machine as a tree of lines, like systemd-cgls(1). */
#pragma once

#include "tools/processes/machine_processes.h"

#include <stdio.h>

/*
 * Print all processes of the machine with their command lines, each below its
 * parent. Each line begins with `indent` and is cut at `width` columns; 0 means no
 * limit. 0 or a negative errno.
 */
int process_tree_print(FILE *stream, struct machine_processes *processes, const char *indent,
		       size_t width);

/* The name of a process, comm in proc(5), escaped and in the arena; NULL if it can't be read. */
const char *process_name_read(struct arena *arena, uint32_t pid);
