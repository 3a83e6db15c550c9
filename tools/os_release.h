/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* os-release(5): which system runs in a machine. */
#pragma once

#include "registry/file.h"
#include "registry/record.h"
#include "tools/arena.h"

#include <stdbool.h>

/* Bytes of a value; longer ones are nobody's but a joker's, and count as missing. */
#define OS_RELEASE_VALUE_MAX 128

/* Each NULL where there is none. Bytes of a stranger's, to be escaped. */
struct os_release {
	const char *id;		 /* ID: "debian" */
	const char *version_id;	 /* VERSION_ID: "12" */
	const char *pretty_name; /* PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)" */
};

/* From the file's text, which is cut up, and which the values then lie in. */
struct os_release os_release_parse(char *text);

/* Of a container, in the arena and escaped. Nothing where there is none, or it can't be read. */
struct os_release os_release_read(struct arena *arena, const struct machine *machine,
				  const struct registry_origin *origin);

/* machine-id(5) of a container. Whether it has one of its own. */
bool machine_id_read(const struct machine *machine, const struct registry_origin *origin,
		     uint8_t id[static 16]);
