/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines wait */
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/quote.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "registry/notify.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct awaited {
	char name[MACHINE_NAME_SIZE];
	char folded[MACHINE_NAME_SIZE];
	uint64_t sequence;
};

struct waiting {
	struct registry_notify watch;
	struct awaited *machines;
	struct pollfd *fds; /* the leaders' pidfds, or -1; then that of the watch */
	size_t count;	    /* that are still there */
};

static void waiting_done(struct waiting *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->fds[i].fd >= 0)
			close(w->fds[i].fd);
	free(w->machines);
	free(w->fds);
	registry_notify_close(&w->watch);
}

static void remove_machine(struct waiting *w, size_t i)
{
	if (w->fds[i].fd >= 0)
		close(w->fds[i].fd);
	w->count--;
	w->fds[i] = w->fds[w->count];
	w->machines[i] = w->machines[w->count];
}

/* Add a machine, if it is still there. 0 or -1. */
static int add_machine(struct waiting *w, struct snapshot *snapshot, const char *name,
		       struct failure *f)
{
	struct awaited *awaited = &w->machines[w->count];
	struct machine m;
	int pidfd;

	if (machine_find(snapshot, name, &m, f) < 0)
		return -1;
	pidfd = leader_open(&m.leader, &snapshot->meta.context);
	if (pidfd == -ESRCH)
		return 0;
	/* If the leader can't be seen from here, the registry tells its end. */
	if (pidfd < 0 && pidfd != -EXDEV)
		return machine_failure(f, &m, "wait for it", pidfd);
	strcpy(awaited->name, m.name);
	machine_name_fold(m.name, awaited->folded);
	awaited->sequence = m.sequence;
	w->fds[w->count++] = (struct pollfd){ .fd = pidfd < 0 ? -1 : pidfd, .events = POLLIN };
	return 0;
}

/* Remove machines whose leader has died and, of a changed registry, those that aren't in it. */
static int remove_machines(struct waiting *w, bool has_changed, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };

	for (size_t i = w->count; i-- > 0;)
		if (w->fds[i].fd >= 0 && w->fds[i].revents)
			remove_machine(w, i);
	if (has_changed && registry_open(&snapshot, f) < 0)
		return -1;
	for (size_t i = has_changed ? w->count : 0; i-- > 0;) {
		struct machine m;
		int r = -ENOENT;

		if (snapshot.is_open)
			r = snapshot_find_name(&snapshot, w->machines[i].folded, &m);
		if (r == -ENOENT || (r == 0 && m.sequence != w->machines[i].sequence))
			remove_machine(w, i);
	}
	return 0;
}

/* Milliseconds to wait: a day at most, which poll(2) can count. */
static int time_left(int64_t end)
{
	int64_t left = end ? end - clock_milliseconds(CLOCK_MONOTONIC) : -1;

	return !end ? -1 : left < 0 ? 0 : left > 86400000 ? 86400000 : (int) left;
}

static int report_remaining(const struct waiting *w)
{
	for (size_t i = 0; i < w->count; i++)
		complain("%s: is still there", w->machines[i].name);
	return w->count > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int wait_for_all(struct waiting *w, int64_t timeout_ms, struct failure *f)
{
	int64_t end = timeout_ms >= 0 ? clock_milliseconds(CLOCK_MONOTONIC) + timeout_ms : 0;

	while (w->count > 0) {
		bool has_changed;
		int r;

		w->fds[w->count] = (struct pollfd){ .fd = w->watch.fd, .events = POLLIN };
		r = poll(w->fds, w->count + 1, time_left(end));
		if (r < 0 && errno != EINTR)
			return failure_errno(f, -errno, "wait");
		if (r == 0 && time_left(end) == 0)
			break;
		has_changed = r > 0 && w->fds[w->count].revents &&
			      registry_notify_read(&w->watch) != 0;
		if (r > 0 && remove_machines(w, has_changed, f) < 0)
			return -1;
	}
	return report_remaining(w);
}

static int open_waiting(struct waiting *w, int count, struct failure *f)
{
	int r;

	w->machines = calloc((size_t) count, sizeof *w->machines);
	w->fds = calloc((size_t) count + 1, sizeof *w->fds);
	if (!w->machines || !w->fds)
		arena_out_of_memory();
	r = registry_notify_open(&w->watch, REGISTRY_DIRECTORY);
	return r < 0 ? registry_failure(f, REGISTRY_DIRECTORY, r) : 0;
}

/* Returns an exit status, or -1. */
static int add_machines(struct waiting *w, const struct command_line *line, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int status = EXIT_SUCCESS;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	for (int i = 0; i < line->n_names; i++) {
		struct failure failure;

		if (add_machine(w, &snapshot, line->names[i], &failure) < 0)
			status = report(&failure);
	}
	return status;
}

static int wait_for_machines(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(waiting_done) struct waiting w = { .watch.fd = -1 };
	const int64_t *timeout_ms = data;
	int status, r;

	/* The watch comes first, so that no publication between it and the look is missed. */
	if (open_waiting(&w, line->n_names, f) < 0)
		return -1;
	status = add_machines(&w, line, f);
	if (status < 0)
		return -1;
	r = wait_for_all(&w, *timeout_ms, f);
	return r == EXIT_SUCCESS ? status : r;
}

static int set_timeout(void *member, const char *value, struct failure *f)
{
	int64_t *timeout_ms = member;
	uint32_t seconds;

	if (id_parse(value, &seconds) < 0)
		return usage_failure(f, "no number of seconds");
	*timeout_ms = (int64_t) seconds * 1000;
	return 0;
}

static const struct verb_option options[] = {
	{ "timeout", .argument = "SECONDS", .set = set_timeout,
	  .help = "Wait at most SECONDS, and fail then" },
	{ 0 },
};

const struct verb wait_verb = {
	.name = "wait",
	.synopsis = "[OPTION...] NAME...",
	.list_entry = "NAME...",
	.summary = "Wait until machines are gone",
	.description = "Wait until all of these machines are gone: their leaders have died, or "
		       "they are no longer registered.",
	.group = VERB_LOOK,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(int64_t),
	.defaults = &(const int64_t){ -1 },
	.run = wait_for_machines,
};
