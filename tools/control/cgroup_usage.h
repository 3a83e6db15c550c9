/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resources that a machine's own cgroup has used. */
#pragma once

#include "tools/processes/machine_processes.h"

#include <stdbool.h>
#include <stdint.h>

/* A value is known only if its `has_` is true: a controller may be off. */
struct cgroup_usage {
	bool has_cpu, has_memory, has_tasks;
	uint64_t cpu_us; /* of all processors, in microseconds */
	uint64_t memory; /* in bytes */
	uint64_t tasks;
};

/* Read it. Nothing is known of a machine without a cgroup of its own. */
struct cgroup_usage cgroup_usage_read(struct machine_processes *processes) __attribute__((nonnull));
