/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which sockets at others' paths are ours. Their paths are those of
 * systemd-machined, too, so a path alone tells nothing. Whoever holds them lists
 * them by device and inode: no connection is needed to ask, which would start
 * the service.
 */
#pragma once

#include "base/file_identity.h"

#include <stddef.h>

/* Lines of a device, an inode and a path. */
#define HELD_SOCKETS_PATH REGISTRY_DIRECTORY "/sockets"

struct held_socket {
	const char *path;
	struct file_identity identity;
};

/* Whether the file at this path is a socket that is listed. */
bool held_socket_is_ours(const char *path) __attribute__((nonnull));

/* List these and no others. 0 or a negative errno. */
int held_sockets_write(const struct held_socket *sockets, size_t count);
