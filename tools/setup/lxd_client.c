/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/lxd_client.h"

#include "base/cleanup.h"
#include "base/input.h"
#include "base/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ubuntu's script in place of lxc(1) has half a kilobyte. */
#define SCRIPT_SIZE_MAX (64 * 1024)

#define SNAPS	     "/snap/bin/"
#define SNAP_PROGRAM SNAPS "lxc"
#define SNAP_DATA    "/var/snap/"
#define SNAP_SOCKET  SNAP_DATA "lxd/common/lxd/unix.socket"

/* Where LXD listens that isn't the snap's. */
#define SOCKET "/var/lib/lxd/unix.socket"

/* All programs of snaps are links to snap(1). */
static bool is_link_to_snap(const char *target)
{
	return strcmp(strrchr(target, '/'), "/snap") == 0;
}

/* Whether it is Ubuntu's script that installs the snap, unless it is there, and then starts its program. */
static bool is_installer(struct arena *arena, const char *target)
{
	size_t size;
	char *text;

	return input_read_file_up_to(arena, target, SCRIPT_SIZE_MAX, &text, &size) == 0 &&
	       strncmp(text, "#!", 2) == 0 && strstr(text, SNAPS);
}

/* Whether the client's socket is the snap's: it finds that by these variables, or takes the one that is there. */
static bool has_socket_of_snap(void)
{
	const char *socket = getenv("LXD_SOCKET"), *directory = getenv("LXD_DIR");

	if (!socket || !*socket)
		socket = directory;
	if (socket && *socket)
		return strncmp(socket, SNAP_DATA, strlen(SNAP_DATA)) == 0;
	return access(SOCKET, F_OK) < 0 && access(SNAP_SOCKET, F_OK) == 0;
}

struct lxd_client lxd_client_find(struct arena *arena)
{
	const char *path = program_find(arena, "lxc");
	CLEANUP_FREE char *target = path ? realpath(path, NULL) : NULL;
	const char *of_snap = access(SNAP_PROGRAM, X_OK) == 0 ? SNAP_PROGRAM : NULL;

	if (target && is_link_to_snap(target))
		return (struct lxd_client){ "lxc", true };
	if (target && is_installer(arena, target))
		return (struct lxd_client){ of_snap, true };
	/* A distribution's client may not look for the snap's socket. */
	if (target && has_socket_of_snap())
		return (struct lxd_client){ of_snap ? of_snap : "lxc", true };
	return (struct lxd_client){ "lxc", false };
}
