/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/notify.h"

#include "registry/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* On the directory itself: a registry is renamed into it. */
#define DIRECTORY_EVENTS (IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
/* On the nearest existing parent, until the next path component appears. */
#define PARENT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* So often a directory that can be read may refuse to be watched, as while its mode is changed. */
#define REFUSALS_MAX 3

static bool is_complete(const struct registry_notify *w)
{
	return w->watched == strlen(w->directory);
}

/* The length of the parent's path; 1 for "/" itself. */
static size_t parent_length(const char *path, size_t length)
{
	while (length > 1 && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

static int watch_path(struct registry_notify *w, size_t length)
{
	char path[PATH_MAX];
	int descriptor;

	snprintf(path, sizeof path, "%.*s", (int) length, w->directory);
	descriptor = inotify_add_watch(
		w->fd, path,
		IN_ONLYDIR | (w->directory[length] ? PARENT_EVENTS : DIRECTORY_EVENTS));
	if (descriptor < 0)
		return errno == ENOSPC ? -EMFILE : -errno;
	w->descriptor = descriptor;
	w->watched = length;
	return 0;
}

/* The path component after the watched part. */
static size_t next_component(const struct registry_notify *w, const char **name)
{
	*name = w->directory + w->watched;
	*name += strspn(*name, "/");
	return strcspn(*name, "/");
}

/* Whether the next path component is a directory that may be watched. */
static bool next_is_there(const struct registry_notify *w)
{
	char path[PATH_MAX];
	const char *name;
	size_t length = next_component(w, &name);

	snprintf(path, sizeof path, "%.*s/", (int) (name + length - w->directory), w->directory);
	return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}

/* Whether the directory isn't there; or, once it has been, whether it isn't again as it was. */
static bool may_come(int error, bool has_been)
{
	return error == -ENOENT || (has_been && (error == -EACCES || error == -ENOTDIR));
}

static void watch_nothing(struct registry_notify *w)
{
	if (w->descriptor >= 0)
		inotify_rm_watch(w->fd, w->descriptor);
	w->descriptor = -1;
}

/* Watch the directory, or its nearest parent that can be watched. */
static int watch_directory(struct registry_notify *w, bool has_been)
{
	unsigned int refusals = 0;
	int r, error;

	do {
		size_t length = strlen(w->directory);

		error = 0;
		watch_nothing(w);
		while (may_come(r = watch_path(w, length), has_been) && length > 1) {
			error = r;
			length = parent_length(w->directory, length);
		}
		if (r < 0)
			return r;
		/* A directory that was made before the watch began is not reported. */
		if (is_complete(w) || !next_is_there(w))
			return 0;
		/* It may be there, but a security module forbids to watch it. */
	} while (error == -ENOENT || ++refusals < REFUSALS_MAX);
	/* What is watched above stays so: a new directory or label is another try. */
	return error;
}

int registry_notify_open(struct registry_notify *w, const char *directory)
{
	int r;

	*w = (struct registry_notify){ .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
				       .descriptor = -1,
				       .directory = strdup(directory) };
	r = w->fd < 0 ? -errno : !w->directory ? -ENOMEM : watch_directory(w, false);
	if (r < 0)
		registry_notify_close(w);
	return r;
}

void registry_notify_close(struct registry_notify *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->directory);
	*w = (struct registry_notify){ .fd = -1 };
}

struct reading {
	bool has_changed;
	bool has_moved; /* another directory must be watched now */
};

static void take_event(const struct registry_notify *w, const struct inotify_event *event,
		       struct reading *reading)
{
	const char *name;
	size_t length;

	/* An overflow may hide the directory's removal. */
	if (event->mask & IN_Q_OVERFLOW)
		reading->has_moved = true;
	if (event->wd != w->descriptor)
		return;
	if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) {
		reading->has_moved = true;
	} else if (is_complete(w)) {
		if (event->len && strcmp(event->name, REGISTRY_FILE_NAME) == 0)
			reading->has_changed = true;
	} else {
		length = next_component(w, &name);
		if (event->len && strncmp(event->name, name, length) == 0 && !event->name[length])
			reading->has_moved = true;
	}
}

/* Watch the directory that has the path now. 1 or a negative errno. */
static int watch_again(struct registry_notify *w)
{
	int r = watch_directory(w, true);

	return r < 0 ? r : 1;
}

int registry_notify_read(struct registry_notify *w)
{
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	/* Nothing is watched after an error, unless the directory refuses alone. */
	struct reading reading = { .has_moved = w->descriptor < 0 };
	ssize_t n;

	while ((n = read(w->fd, &buffer, sizeof buffer)) > 0) {
		const char *at = buffer.bytes;

		while (at < buffer.bytes + n) {
			const struct inotify_event *event = (const void *) at;

			take_event(w, event, &reading);
			at += sizeof *event + event->len;
		}
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	return reading.has_moved ? watch_again(w) : reading.has_changed;
}
