/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/exports_watch.h"

#include "base/pidfd.h"
#include "host/systemd.h"
#include "tools/registrar/exports_directory.h"

#include <sys/inotify.h>
#include <unistd.h>

static void watch_directory(struct exports_watch *watch, struct sources *sources)
{
	if (watch->directory.fd < 0)
		source_add(sources, &watch->directory, inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
	if (watch->directory.fd >= 0 && !watch->is_watched)
		watch->is_watched = inotify_add_watch(watch->directory.fd, MACHINES_DIRECTORY,
						      IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW) >= 0;
}

static void watch_machined(struct exports_watch *watch, struct sources *sources)
{
	pid_t pid = watch->machined.fd < 0 ? machined_pid() : 0;

	if (pid > 0)
		source_add(sources, &watch->machined, pidfd_of(pid));
}

void exports_watch_update(struct exports_watch *watch, struct sources *sources)
{
	watch_directory(watch, sources);
	watch_machined(watch, sources);
}

/* Take the events of the directory. */
static void take_deletions(struct exports_watch *watch)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	ssize_t n;

	while ((n = read(watch->directory.fd, &buffer, sizeof buffer)) > 0) {
		const char *at = buffer.bytes;

		while (at < buffer.bytes + n) {
			const struct inotify_event *event = (const void *) at;

			/* The directory itself has gone. */
			if (event->mask & IN_IGNORED)
				watch->is_watched = false;
			at += sizeof *event + event->len;
		}
	}
}

bool exports_watch_take_event(struct exports_watch *watch, struct sources *sources,
			      struct source *source)
{
	if (source == &watch->machined)
		source_remove(sources, source);
	else
		take_deletions(watch);
	watch_machined(watch, sources);
	return watch->machined.fd < 0;
}

void exports_watch_close(struct exports_watch *watch, struct sources *sources)
{
	source_remove(sources, &watch->directory);
	source_remove(sources, &watch->machined);
}
