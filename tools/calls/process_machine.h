/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine a process belongs to. */
#pragma once

#include "registry/snapshot.h"

#include <sys/types.h>

/* The machine's name, the caller's to free. 1; 0 for a process of the host; or a negative errno. */
int process_machine(pid_t pid, char **name) __attribute__((nonnull));

/* The same, by a registry that is open. */
int process_machine_in(struct snapshot *snapshot, pid_t pid, char **name) __attribute__((nonnull));
