/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* os-release(5): the operating system that a root directory says it has. */
#pragma once

#include "base/arena.h"

/* The values; NULL if missing. The machine chose them, so escape them before printing. */
struct os_release {
	const char *id;		 /* ID: "debian" */
	const char *version_id;	 /* VERSION_ID: "12" */
	const char *pretty_name; /* PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)" */
};

/*
 * Parse the file's text, which is cut in place. The values point into it. Those longer than
 * MACHINE_SYSTEM_MAX count as missing.
 */
struct os_release os_release_parse(char *text);

/*
 * Read the file below a root directory by file_reader_read(), or in this process if
 * `milliseconds` is 0: the host's own. The values are in the arena. 0, or a negative
 * errno, and nothing is set.
 */
int os_release_read(struct arena *arena, int root, int milliseconds, struct os_release *os);

/* Read the file of this host. */
struct os_release os_release_read_host(struct arena *arena);
