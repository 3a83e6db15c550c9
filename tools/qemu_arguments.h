/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the command line of qemu-system-*(1) says of its VM. */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>

/* As they stand there, in the arena; NULL where nothing is said. */
struct qemu_arguments {
	const char *name;      /* -name [guest=]NAME */
	const char *uuid;      /* -uuid */
	const char *vsock_cid; /* -device vhost-vsock-...,guest-cid= */
	const char *qmp;       /* -qmp unix:PATH,server=..., maybe relative */
	bool daemonizes;       /* -daemonize */
};

/* Read them, the program's name first and NULL last. What makes no sense is qemu's to refuse. */
void qemu_arguments_parse(struct qemu_arguments *arguments, struct arena *arena,
			  char *const *command);
