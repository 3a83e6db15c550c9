/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a child process. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Wait until a child has ended, and free its pid. `status`, which may be NULL,
 * becomes that of waitpid(2). 0 or a negative errno.
 */
int child_wait(pid_t pid, int *status);

/* The same, for so many milliseconds at most: -ETIMEDOUT, and it is still a child. */
int child_wait_for(pid_t pid, int milliseconds, int *status);

/* Kill a child with SIGKILL and wait until it has ended. */
void child_kill(pid_t pid);

/*
 * Wait for a child for so many milliseconds, then kill it. If it doesn't die of that soon,
 * because the kernel blocks it, it is left alone.
 */
void child_end(pid_t pid, int milliseconds);

/*
 * Have the kernel kill this process when its parent ends. False if the parent, whose pid this is, has
 * ended already: then the kernel sends no signal.
 */
bool child_ends_with(pid_t parent) __attribute__((warn_unused_result));

/* The exit status of a child, or 128 plus the signal that killed it, as in a shell. */
int child_exit_status(int status) __attribute__((const));
