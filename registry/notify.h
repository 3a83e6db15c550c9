/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notification when the registry changes, by inotify(7). It needs no privilege
 * and no polling.
 */
#pragma once

#include <stddef.h>

struct registry_notify {
	int fd; /* to poll(2) for POLLIN */
	int descriptor;
	char *directory;
	size_t watched; /* bytes of the path that is watched: less than all until it exists */
};

/*
 * Watch the registry in this directory, which need not exist yet. Publications
 * before this call are not reported: open the registry after it. 0, or a
 * negative errno; -EMFILE also if the user has too many watches.
 */
int registry_notify_open(struct registry_notify *watch, const char *directory);

/* Does nothing if it isn't open: fd is -1. */
void registry_notify_close(struct registry_notify *watch);

/*
 * Read all events; doesn't block. 1 if there may be another registry, or none
 * any more; 0 if not; or a negative errno: then nothing is watched until a later
 * call succeeds.
 */
int registry_notify_read(struct registry_notify *watch);
