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

		if (w->descriptor >= 0)
			inotify_rm_watch(w->fd, w->descriptor);
		w->descriptor = -1;
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
				      .descriptor = -1,
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

	/* What was lost may be that the directory has gone. */
	if (event->mask & IN_Q_OVERFLOW)
		reading->has_moved = true;
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

/* The directory, or what was watched of the way to it, is another. 1 or a negative errno. */
static int rearm(struct registry_watch *w)
{
	int r = arm(w);

	return r < 0 ? r : 1;
}

int registry_watch_read(struct registry_watch *w)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	/* After an error, nothing is watched. */
	struct reading reading = { .has_moved = w->descriptor < 0 };
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
	return reading.has_moved ? rearm(w) : reading.has_changed;
}

const char *machine_event_name(enum machine_event event)
{
	static const char *const names[] = { [MACHINE_ADDED] = "added",
					     [MACHINE_CHANGED] = "changed",
					     [MACHINE_REMOVED] = "removed" };

	return names[event];
}

struct registry_copy_entry {
	uint32_t record_size;
	char name[MACHINE_NAME_SIZE]; /* folded */
} __attribute__((packed));

static int copy_machine(struct registry_copy *copy, const char *folded, const struct machine *m)
{
	size_t wanted = copy->size + sizeof(struct registry_copy_entry) + RECORD_SIZE_MAX;
	struct registry_copy_entry entry = { 0 };
	int size;

	if (wanted > copy->room) {
		size_t room = wanted + copy->room;
		uint8_t *larger = realloc(copy->bytes, room);

		if (!larger)
			return -ENOMEM;
		copy->bytes = larger;
		copy->room = room;
	}
	size = record_encode(m, copy->bytes + copy->size + sizeof entry, RECORD_SIZE_MAX);
	if (size < 0)
		return size;
	entry.record_size = (uint32_t) size;
	strcpy(entry.name, folded);
	memcpy(copy->bytes + copy->size, &entry, sizeof entry);
	copy->size += sizeof entry + (size_t) size;
	return 0;
}

static int copy_all(struct registry_copy *copy, struct snapshot *s)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	uint8_t *smaller;
	int r;

	copy->origin = s->meta.origin;
	while ((r = snapshot_next(s, folded, &m)) == 0)
		if ((r = copy_machine(copy, folded, &m)) < 0)
			return r;
	if (r != -ENOENT)
		return r;
	smaller = copy->size ? realloc(copy->bytes, copy->size) : NULL;
	if (smaller) {
		copy->bytes = smaller;
		copy->room = copy->size;
	}
	return 0;
}

int registry_copy_read(struct registry_copy *copy, const char *path)
{
	struct registry_copy read = { 0 };
	struct snapshot s;
	int r = snapshot_open(&s, path);

	if (r == 0) {
		r = copy_all(&read, &s);
		snapshot_close(&s);
	} else if (r == -ENOENT || r == -ESTALE) {
		r = 0;
	}
	if (r < 0)
		registry_copy_done(&read);
	else
		*copy = read;
	return r;
}

void registry_copy_done(struct registry_copy *copy)
{
	free(copy->bytes);
	*copy = (struct registry_copy){ 0 };
}

/* The side's entry where it is at. */
static void look(struct comparison_side *side)
{
	const struct registry_copy_entry *entry;

	side->name = NULL;
	if (side->at >= side->copy->size)
		return;
	entry = (const void *) (side->copy->bytes + side->at);
	side->name = entry->name;
	side->record_size = entry->record_size;
	side->record = side->copy->bytes + side->at + sizeof *entry;
}

static void advance(struct comparison_side *side)
{
	side->at += sizeof(struct registry_copy_entry) + side->record_size;
	look(side);
}

void registry_compare(struct registry_comparison *c, const struct registry_copy *before,
		      const struct registry_copy *now)
{
	*c = (struct registry_comparison){ .before.copy = before, .now.copy = now };
	look(&c->before);
	look(&c->now);
}

/* Below, at or above 0, as the machine before comes before, with, or after that of now. */
static int compare_sides(const struct registry_comparison *c)
{
	if (!c->before.name || !c->now.name)
		return !c->before.name - !c->now.name;
	return strcmp(c->before.name, c->now.name);
}

/* Sequences begin anew where a registry was removed. */
static bool is_same_registration(const struct machine *a, const struct machine *b)
{
	return a->sequence == b->sequence && leader_equal(&a->leader, &b->leader) &&
	       a->realtime == b->realtime && a->monotonic == b->monotonic;
}

/* What was given out last is behind us only now: it had to stay until this call. */
static void step(struct registry_comparison *c, enum machine_event last)
{
	if (last != MACHINE_ADDED)
		advance(&c->before);
	if (last != MACHINE_REMOVED)
		advance(&c->now);
}

static bool is_unchanged(const struct registry_comparison *c)
{
	return c->before.record_size == c->now.record_size &&
	       memcmp(c->before.record, c->now.record, c->now.record_size) == 0;
}

/* What this wrote itself can be read. */
static const struct machine *decode(struct comparison_side *side)
{
	record_decode(side->record, side->record_size, &side->machine);
	return &side->machine;
}

static void fill(struct registry_comparison *c, int order, struct machine_difference *difference)
{
	const struct machine *before = order <= 0 ? decode(&c->before) : NULL;
	const struct machine *now = order >= 0 ? decode(&c->now) : NULL;

	if (before && now && !is_same_registration(before, now))
		now = NULL;
	c->last = before && now ? MACHINE_CHANGED : before ? MACHINE_REMOVED : MACHINE_ADDED;
	*difference = (struct machine_difference){ c->last, before, now };
}

bool registry_comparison_next(struct registry_comparison *c, struct machine_difference *difference)
{
	if (c->last)
		step(c, c->last);
	c->last = 0;
	while (c->before.name || c->now.name) {
		int order = compare_sides(c);

		if (order != 0 || !is_unchanged(c)) {
			fill(c, order, difference);
			return true;
		}
		step(c, MACHINE_CHANGED);
	}
	return false;
}
