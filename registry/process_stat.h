/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/stat: proc(5). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct process_stat {
	char state;	     /* R, S, D, Z, ... */
	uint32_t parent;     /* pid */
	bool has_terminal;   /* a controlling one */
	uint32_t threads;    /* of the process */
	uint32_t flags;	     /* PF_* of the kernel's include/linux/sched.h */
	uint64_t start_time; /* clock ticks since boot */
};

/* Read the text of the file. 0 or -EBADMSG. */
int process_stat_parse(const char *text, struct process_stat *stat);

/* Read the file. 0 or a negative errno: -ENOENT or -ESRCH where no such process is seen. */
int process_stat_read(uint32_t pid, struct process_stat *stat);

/* Whether no thread of it runs any more. */
bool process_stat_is_dead(const struct process_stat *stat);
