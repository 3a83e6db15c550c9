/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/bus_watch.h"

#include "base/arena.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/pidfd.h"
#include "base/program.h"
#include "host/machine1.h"
#include "tools/monitor/monitor_log.h"

static pid_t start_child(void)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *const arguments[] = { bus_program(&arena, MACHINE1_PROGRAM), "--start", NULL };
	pid_t pid;

	return arguments[0] && program_start(arguments, &pid) == 0 ? pid : 0;
}

void bus_watch_publication(struct bus_watch *watch, struct sources *sources)
{
	if (watch->pid > 0) {
		watch->once_more = true;
		return;
	}
	if (!machine1_can_be_started() || machine1_is_answered())
		return;
	watch->pid = start_child();
	if (watch->pid > 0 && source_add(sources, &watch->child, pidfd_of(watch->pid)) < 0) {
		child_kill(watch->pid);
		watch->pid = 0;
	}
}

/* In the log once, until it succeeds. */
static void report(struct bus_watch *watch, bool has_failed)
{
	if (has_failed && !watch->has_failed)
		monitor_log("the bus doesn't start mymachines-bus, so nobody is told of machines "
			    "there; see 'mymachines doctor'");
	watch->has_failed = has_failed;
}

void bus_watch_take_event(struct bus_watch *watch, struct sources *sources)
{
	int status = 0;

	report(watch, child_wait(watch->pid, &status) < 0 || status != 0);
	source_remove(sources, &watch->child);
	watch->pid = 0;
	if (watch->once_more) {
		watch->once_more = false;
		bus_watch_publication(watch, sources);
	}
}

void bus_watch_close(struct bus_watch *watch, struct sources *sources)
{
	source_remove(sources, &watch->child);
	watch->pid = 0;
}
