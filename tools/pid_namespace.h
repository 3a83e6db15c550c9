/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pid namespaces by their inodes: pid_namespaces(7), ioctl_ns(2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's limit, and this process's own. */
#define PID_NAMESPACES_MAX 33

/* The namespace of a process, 0 for the caller. 0 if it can't be seen. */
ino_t pid_namespace_inode(uint32_t pid);

/*
 * Whether a process is the init of a namespace that isn't the caller's: all in
 * there is its, then. NSpid of proc(5) has its pids, the innermost last.
 */
bool pid_namespace_is_led_by(uint32_t pid);

/*
 * The namespaces that a process is in and the caller is not, innermost first.
 * Returns how many; none where they can't be seen.
 */
int pid_namespaces_read(uint32_t pid, ino_t inodes[static PID_NAMESPACES_MAX]);
