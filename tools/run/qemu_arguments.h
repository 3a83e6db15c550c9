/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the command line of qemu-system-*(1) says about its VM, in qemu's own
 * grammar: options with "key=value,..." or JSON, and references between them.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* Values as they are written there, in the arena, not checked. NULL: there is none. */
struct qemu_arguments {
	const char *name;      /* -name [guest=]NAME */
	const char *uuid;      /* -uuid, or -smbios type=1,uuid= */
	const char *vsock_cid; /* -device vhost-vsock-...,guest-cid= */
	/* The socket at which qemu listens for QMP: -qmp, or -mon and -chardev. Maybe relative. */
	const char *qmp;
	bool daemonizes; /* -daemonize */
};

/*
 * Read the command line, which begins with the program's name and ends with
 * NULL. Options that are invalid are left to qemu.
 */
void qemu_arguments_parse(struct qemu_arguments *arguments, struct arena *arena,
			  char *const *command);
