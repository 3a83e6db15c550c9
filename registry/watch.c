/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Of the directory itself: a registry is renamed into it. */
#define THERE_EVENTS (IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
/* Of one above it, until there is one more of the way. */
#define ABOVE_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

static bool is_there(const struct registry_watch *w)
{
	return w->watched == strlen(w->directory);
}

/* The bytes of the path one component up, 1 for "/" itself. */
static size_t above(const char *path, size_t length)
{
	while (length > 1 && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

static int watch_first(struct registry_watch *w, size_t length)
{
	char path[PATH_MAX];
	int descriptor;

	snprintf(path, sizeof path, "%.*s", (int) length, w->directory);
	descriptor = inotify_add_watch(
		w->fd, path, IN_ONLYDIR | (w->directory[length] ? ABOVE_EVENTS : THERE_EVENTS));
	if (descriptor < 0)
		return errno == ENOSPC ? -EMFILE : -errno;
	w->descriptor = descriptor;
	w->watched = length;
	return 0;
}

/* The next component of the way, behind what is watched. */
static size_t next_component(const struct registry_watch *w, const char **name)
{
	*name = w->directory + w->watched;
	*name += strspn(*name, "/");
	return strcspn(*name, "/");
}

static bool next_is_there(const struct registry_watch *w)
{
	char path[PATH_MAX];
	const char *name;
	size_t length = next_component(w, &name);

	snprintf(path, sizeof path, "%.*s", (int) (name + length - w->directory), w->directory);
	return access(path, F_OK) == 0;
}

/* Watch the directory, or as much of the way to it as there is. */
static int arm(struct registry_watch *w)
{
	int r;

	do {
		size_t length = strlen(w->directory);

		while ((r = watch_first(w, length)) == -ENOENT && length > 1)
			length = above(w->directory, length);
		if (r < 0)
			return r;
		/* What was made before the watch began isn't told. */
	} while (!is_there(w) && next_is_there(w));
	return 0;
}

int registry_watch_open(struct registry_watch *w, const char *directory)
{
	int r;

	*w = (struct registry_watch){ .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
				      .directory = strdup(directory) };
	r = w->fd < 0 ? -errno : !w->directory ? -ENOMEM : arm(w);
	if (r < 0)
		registry_watch_close(w);
	return r;
}

void registry_watch_close(struct registry_watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->directory);
	*w = (struct registry_watch){ .fd = -1 };
}

struct reading {
	bool has_changed;
	bool has_moved; /* what is watched isn't the right directory any more */
};

static void take(const struct registry_watch *w, const struct inotify_event *event,
		 struct reading *reading)
{
	const char *name;
	size_t length;

	if (event->mask & IN_Q_OVERFLOW)
		reading->has_changed = true;
	if (event->wd != w->descriptor)
		return;
	if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) {
		reading->has_moved = true;
	} else if (is_there(w)) {
		if (event->len && strcmp(event->name, REGISTRY_FILE_NAME) == 0)
			reading->has_changed = true;
	} else {
		length = next_component(w, &name);
		if (event->len && strncmp(event->name, name, length) == 0 && !event->name[length])
			reading->has_moved = true;
	}
}

int registry_watch_read(struct registry_watch *w)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	struct reading reading = { 0 };
	ssize_t n;

	while ((n = read(w->fd, &buffer, sizeof buffer)) > 0) {
		const char *at = buffer.bytes;

		while (at < buffer.bytes + n) {
			const struct inotify_event *event = (const void *) at;

			take(w, event, &reading);
			at += sizeof *event + event->len;
		}
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (reading.has_moved) {
		int r;

		inotify_rm_watch(w->fd, w->descriptor);
		r = arm(w);
		if (r < 0)
			return r;
	}
	return reading.has_moved || reading.has_changed;
}

const char *machine_event_name(enum machine_event event)
{
	static const char *const names[] = { [MACHINE_ADDED] = "added",
					     [MACHINE_CHANGED] = "changed",
					     [MACHINE_REMOVED] = "removed" };

	return names[event];
}

/* To the side's next machine. */
static int advance(struct comparison_side *side)
{
	int r = -ENOENT;

	if (side->snapshot && side->snapshot->env)
		r = snapshot_next(side->snapshot, side->name, &side->machine);
	side->is_at_machine = r == 0;
	return r == -ENOENT ? 0 : r;
}

static int advance_both(struct registry_comparison *c)
{
	int r = advance(&c->before);

	return r < 0 ? r : advance(&c->now);
}

int registry_compare(struct registry_comparison *c, struct snapshot *before, struct snapshot *now)
{
	int r;

	*c = (struct registry_comparison){
		.before = { .snapshot = before, .bytes = malloc(RECORD_SIZE_MAX) },
		.now = { .snapshot = now, .bytes = malloc(RECORD_SIZE_MAX) },
	};
	r = c->before.bytes && c->now.bytes ? advance_both(c) : -ENOMEM;
	if (r < 0)
		registry_comparison_done(c);
	return r;
}

void registry_comparison_done(struct registry_comparison *c)
{
	free(c->before.bytes);
	free(c->now.bytes);
	*c = (struct registry_comparison){ 0 };
}

/* Below, at or above 0, as the machine before comes before, with, or after that of now. */
static int compare_sides(const struct registry_comparison *c)
{
	if (!c->before.is_at_machine || !c->now.is_at_machine)
		return c->now.is_at_machine - c->before.is_at_machine;
	return strcmp(c->before.name, c->now.name);
}

static bool records_equal(struct registry_comparison *c)
{
	int before = record_encode(&c->before.machine, c->before.bytes, RECORD_SIZE_MAX);
	int now = record_encode(&c->now.machine, c->now.bytes, RECORD_SIZE_MAX);

	return before == now && before > 0 &&
	       memcmp(c->before.bytes, c->now.bytes, (size_t) now) == 0;
}

/* What was given out last is behind us only now: it had to stay until this call. */
static int step(struct registry_comparison *c, enum machine_event last)
{
	int r = 0;

	if (last != MACHINE_ADDED)
		r = advance(&c->before);
	if (r == 0 && last != MACHINE_REMOVED)
		r = advance(&c->now);
	return r;
}

int registry_comparison_next(struct registry_comparison *c, struct machine_difference *difference)
{
	int r = c->last ? step(c, c->last) : 0;

	while (r == 0 && (c->before.is_at_machine || c->now.is_at_machine)) {
		int order = compare_sides(c);

		if (order == 0 && c->before.machine.sequence == c->now.machine.sequence)
			c->last = MACHINE_CHANGED;
		else
			c->last = order <= 0 ? MACHINE_REMOVED : MACHINE_ADDED;
		if (c->last != MACHINE_CHANGED || !records_equal(c)) {
			*difference = (struct machine_difference){
				.event = c->last,
				.before = c->last == MACHINE_ADDED ? NULL : &c->before.machine,
				.now = c->last == MACHINE_REMOVED ? NULL : &c->now.machine,
			};
			return 1;
		}
		r = step(c, MACHINE_CHANGED);
	}
	c->last = 0;
	return r;
}
