/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's end of the process that holds the sockets of user databases and
 * others (tools/sockets): it tells whether there are machines, logs what that
 * process reports, and cleans up if that is killed.
 */
#pragma once

#include "base/failure.h"
#include "tools/monitor/sources.h"

#include <stdbool.h>
#include <sys/types.h>

struct sockets_watch {
	struct source control;
	pid_t pid;
};

#define SOCKETS_WATCH_INIT                                                                         \
	{                                                                                          \
		.control = { SOURCE_SOCKETS, -1 }                                                  \
	}

/*
 * Start the process if the settings want it and no systemd holds sockets. The
 * caller must still have all privileges. 0, or -1 with a failure.
 */
int sockets_watch_open(struct sockets_watch *watch, struct sources *sources, bool background,
		       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Have it hold the sockets, and look at them again, or take them away. */
void sockets_watch_tell(const struct sockets_watch *watch, bool has_machines);

void sockets_watch_take_event(struct sockets_watch *watch, struct sources *sources);

/* Also waits until the sockets are gone. */
void sockets_watch_close(struct sockets_watch *watch, struct sources *sources);
