/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/PID/status: proc_pid_status(5). The kernel shows it at any time. Who reads `stat` (process_stat.h) or a link
 * such as `ns/pid` may wait while the process executes a program, and that may take as long as the process likes:
 * a file is closed by it, and a FUSE server is asked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct process_status {
	char state;	  /* R, S, D, Z, ... */
	uint32_t parent;  /* pid */
	uint32_t threads; /* of the process */
	bool has_memory;  /* a kernel thread has none, nor has a process that has ended */
};

/* Read the text of the file. 0 or -EBADMSG. */
int process_status_parse(const char *text, struct process_status *status);

/* Read the file. 0 or a negative errno: -ENOENT or -ESRCH where no such process is seen. */
int process_status_read(uint32_t pid, struct process_status *status);

/* Whether no thread of it runs any more. */
bool process_status_is_dead(const struct process_status *status);

/*
 * Read a number that no later process of this pid has: the inode of `pidfd`. Its start time is read instead before
 * Linux 6.9, and where `pidfd` is a negative errno. 0 or a negative errno.
 */
int process_number_read(uint32_t pid, int pidfd, uint64_t *number);
