/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pid namespaces by their inodes: pid_namespaces(7), ioctl_ns(2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's limit of nesting, and the namespace of the process. */
#define PID_NAMESPACES_MAX 33

/* The inode of a process's pid namespace, 0 for the caller. Returns 0 if it can't be read. */
ino_t pid_namespace_inode(uint32_t pid);

/*
 * Whether a process is the init of a namespace other than the caller's. NSpid in
 * proc(5) has its pids, the innermost last.
 */
bool pid_namespace_is_led_by(uint32_t pid);

/*
 * Find the namespaces that a process is in and the caller isn't, innermost first.
 * Returns how many; 0 if they can't be read.
 */
int pid_namespaces_read(uint32_t pid, ino_t inodes[static PID_NAMESPACES_MAX]);
