/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * We may be killed at any moment, and a link is known as ours by its state
 * file. So a link is removed before its state file changes, and made after.
 *
 * Most changes are of one machine, so only what a change has touched is looked
 * at. The directory's modification time is set to the generation, in
 * nanoseconds, that it follows. Another time means that somebody has changed
 * the directory, or that an earlier run was interrupted: then everything is
 * looked at.
 */
#include "tools/registrar/exports.h"

#include "base/cleanup.h"
#include "base/configuration.h"
#include "base/quote.h"
#include "host/systemd.h"
#include "registry/lookup.h"
#include "tools/registrar/exports_directory.h"
#include "tools/registrar/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Exists while the directory is left to systemd-machined, so that this is reported once. */
#define LEFT_PATH REGISTRY_DIRECTORY "/left-to-systemd-machined"

struct exporting {
	struct exports_directory directory;
	struct notices *notices;
	struct failure *failure;
	bool has_failed; /* then nothing more is tried: the next entry would fail as well */
};

static void exporting_done(struct exporting *e)
{
	exports_directory_close(&e->directory);
}

static void fail_entry(struct exporting *e, const char *name, int error)
{
	char quoted[QUOTED_SIZE];

	e->has_failed = true;
	failure_set(e->failure, failure_kind_of(error), MACHINES_DIRECTORY "/%s: %s",
		    quote(name, quoted), registry_writer_error_words(error));
	e->failure->error = error;
}

static void remove_entry(struct exporting *e, const char *name)
{
	if (unlinkat(e->directory.fd, name, 0) < 0 && errno != ENOENT)
		fail_entry(e, name, -errno);
}

static void update_state(struct exporting *e, const char *name)
{
	struct exports_directory *d = &e->directory;
	const char *text = "", *wanted;
	enum ownership owner = exports_read_state(d, name, &text);
	struct machine m;
	int r;

	if (!exports_find_machine(d, name, &m)) {
		if (owner == OWNED_BY_US)
			remove_entry(e, name);
		return;
	}
	if (owner == OWNED_BY_OTHERS) {
		notices_add(e->notices, NOTICE_WARNING,
			    MACHINES_DIRECTORY
			    "/%s: not written by mymachines, left unchanged; libsystemd won't "
			    "see this machine",
			    name);
		return;
	}
	wanted = state_file_text(&d->arena, &m);
	if (strcmp(text, wanted) == 0)
		return;
	r = exports_write_state(d, name, wanted);
	if (r < 0)
		fail_entry(e, name, r);
}

/* Before state files change: remove a link of ours that leads elsewhere than it should. */
static void remove_wrong_link(struct exporting *e, const char *unit)
{
	char target[PATH_MAX];
	struct machine m;

	if (exports_read_link(&e->directory, unit, target) == OWNED_BY_US &&
	    !(exports_find_machine_of_unit(&e->directory, unit, &m) && strcmp(m.name, target) == 0))
		remove_entry(e, exports_link_name(&e->directory, unit));
}

/* After state files have changed. */
static void make_link(struct exporting *e, const char *unit)
{
	struct exports_directory *d = &e->directory;
	const char *link = exports_link_name(d, unit), *state;
	char quoted[QUOTED_SIZE], target[PATH_MAX];
	struct machine m;
	enum ownership owner;

	if (!exports_find_machine_of_unit(d, unit, &m) ||
	    exports_read_state(d, m.name, &state) != OWNED_BY_US)
		return;
	owner = exports_read_link(d, unit, target);
	if (owner == OWNED_BY_OTHERS)
		notices_add(e->notices, NOTICE_WARNING,
			    MACHINES_DIRECTORY
			    "/%s: not written by mymachines, left unchanged; ps won't see the "
			    "processes of %s",
			    quote(link, quoted), m.name);
	else if (strlen(link) > NAME_MAX)
		notices_add(e->notices, NOTICE_WARNING,
			    "%s: its unit's name is too long for a link; ps won't see its "
			    "processes",
			    m.name);
	else if (owner == OWNED_BY_NOBODY && symlinkat(m.name, d->fd, link) < 0)
		fail_entry(e, link, -errno);
}

static void for_each(struct exporting *e, const struct string_list *list,
		     void update(struct exporting *, const char *))
{
	for (size_t i = 0; i < list->count && !e->has_failed; i++) {
		update(e, list->items[i]);
		arena_done(&e->directory.arena);
	}
}

static void update_entries(struct exporting *e, const struct string_list *names,
			   const struct string_list *units)
{
	for_each(e, units, remove_wrong_link);
	for_each(e, names, update_state);
	for_each(e, units, make_link);
}

static void update_all(struct exporting *e)
{
	CLEANUP(string_list_done) struct string_list names = { 0 }, units = { 0 };
	int r = exports_list_all(&e->directory, &names, &units);

	exports_remove_temporary(&e->directory);
	if (r < 0)
		fail_entry(e, "", r);
	else
		update_entries(e, &names, &units);
}

static bool is_current(const struct exporting *e, uint64_t generation)
{
	struct stat st;

	return generation && fstat(e->directory.fd, &st) == 0 && registry_mtime(&st) == generation;
}

static void set_current(const struct exporting *e, uint64_t generation)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = (time_t) (generation / 1000000000u),
					     .tv_nsec = (long) (generation % 1000000000u) } };

	futimens(e->directory.fd, times);
}

static void leave_to_machined(struct notices *notices)
{
	CLEANUP_CLOSE int fd = open(LEFT_PATH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd >= 0)
		notices_add(notices, NOTICE_WARNING,
			    MACHINES_DIRECTORY ": left to systemd-machined, which is running; "
					       "libsystemd sees its machines only");
}

static void update_directory(struct exporting *e, const struct writer *w, bool is_on)
{
	const struct snapshot *s = &e->directory.snapshot;
	uint64_t generation = s->is_open ? s->meta.generation : 0;

	if (!is_on || !is_current(e, w->former_generation))
		update_all(e);
	else if (generation != w->former_generation)
		update_entries(e, &w->touched_names, &w->touched_units);
	/* After a failure, the next run has to look at everything. */
	if (generation && !e->has_failed)
		set_current(e, generation);
}

/* Open the registry that was just published. If there is none, there is no machine. */
static int open_published(struct snapshot *snapshot, const struct writer *w, struct failure *f)
{
	int r = snapshot_open(snapshot, w->path);

	return r == -ENOENT || r == -ESTALE || r == 0 ? 0 : registry_failure(f, w->path, r);
}

int exports_update(const struct writer *w, struct notices *notices, struct failure *f)
{
	CLEANUP(exporting_done)
	struct exporting e = { .directory.fd = -1, .notices = notices, .failure = f };
	const struct snapshot *s = &e.directory.snapshot;
	bool is_on = configuration_read(notices)->exports, has_machines;
	int r;

	if (machined_is_running()) {
		if (is_on)
			leave_to_machined(notices);
		return 0;
	}
	unlink(LEFT_PATH);
	/* If the registry can't be read, nothing is removed. */
	if (is_on && open_published(&e.directory.snapshot, w, f) < 0)
		return -1;
	has_machines = s->is_open && s->meta.machines > 0;
	r = exports_directory_open(&e.directory, has_machines);
	if (r == 0)
		update_directory(&e, w, is_on);
	else if (has_machines || (is_on && r != -ENOENT))
		return failure_set(f, failure_kind_of(r),
				   MACHINES_DIRECTORY ": %s; libsystemd won't see the machines",
				   registry_writer_error_words(r));
	return e.has_failed ? -1 : 0;
}

int exports_clear(struct notices *notices, struct failure *f)
{
	CLEANUP(exporting_done)
	struct exporting e = { .directory.fd = -1, .notices = notices, .failure = f };
	int r = snapshot_open(&e.directory.snapshot, REGISTRY_PATH);

	/* No lock is held: a registrar that publishes now finds that the directory has changed. */
	if ((r != -ENOENT && r != -ESTALE) || machined_is_running() ||
	    exports_directory_open(&e.directory, false) < 0)
		return 0;
	update_all(&e);
	return e.has_failed ? -1 : 0;
}

bool exports_are_current(uint64_t generation, bool has_machines)
{
	struct stat st;

	if (!configuration_read(NULL)->exports)
		return true;
	if (lstat(MACHINES_DIRECTORY, &st) < 0)
		return errno == ENOENT && !has_machines;
	return registry_mtime(&st) == generation || machined_is_running();
}
