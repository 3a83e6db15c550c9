/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches the directory of exports for files that go. An installed
 * systemd-machined deletes the exports of machines that it doesn't know when it
 * starts, and has the directory to itself while it runs: so its end is watched, too.
 */
#pragma once

#include "tools/monitor/sources.h"

#include <stdbool.h>

struct exports_watch {
	struct source directory; /* inotify(7) */
	struct source machined;	 /* a pidfd */
	bool is_watched;	 /* the directory is there, and is watched */
};

#define EXPORTS_WATCH_INIT                                                                         \
	{                                                                                          \
		.directory = { SOURCE_EXPORTS, -1 }, .machined = { SOURCE_MACHINED, -1 }           \
	}

/* Watch whatever there is now and isn't watched yet. Without room or permission, nothing is. */
void exports_watch_update(struct exports_watch *watch, struct sources *sources);

/*
 * A descriptor was ready. Whether exports may be missing now: some were deleted
 * while systemd-machined didn't run, or it has ended.
 */
bool exports_watch_take_event(struct exports_watch *watch, struct sources *sources,
			      struct source *source);

void exports_watch_close(struct exports_watch *watch, struct sources *sources);
