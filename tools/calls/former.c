/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/former.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/proc_file.h"
#include "host/file_reader.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "registry/process_stat.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 5000

/* Between two looks: a process that was killed isn't seen as such for some moments. */
#define LOOK_MS 10

/* The kernel's include/linux/sched.h. */
#define PF_EXITING 0x4u

/* Whether SIGKILL waits to be taken: proc(5). */
static bool was_killed(uint32_t pid)
{
	CLEANUP_FREE char *status = proc_read_text(pid, "status");
	const char *line = status ? strstr(status, "\nSigPnd:") : NULL;
	unsigned long long thread, process;

	return line && sscanf(line, "\nSigPnd: %llx ShdPnd: %llx", &thread, &process) == 2 &&
	       ((thread | process) >> (SIGKILL - 1) & 1);
}

static bool is_ending(uint32_t pid)
{
	struct process_stat stat;
	char text[1024];
	ssize_t n = file_reader_read_proc(pid, "stat", text, sizeof text);

	/* It executes a program, and that takes long. */
	if (n == -ETIMEDOUT)
		return was_killed(pid);
	return n < 0 || process_stat_parse(text, &stat) < 0 || (stat.flags & PF_EXITING) ||
	       was_killed(pid);
}

/* Whether the pidfd's process ends within so many milliseconds. */
static bool ends_within(int pidfd, int milliseconds)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return poll(&poller, 1, milliseconds) > 0;
}

/* A pidfd of the living leader, another one than ours, that has the name; or a negative number. */
static int find_former(const char *name, int64_t leader, uint32_t *pid)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure failure;
	struct machine m;

	if (registry_open(&snapshot, &failure) < 0 || !snapshot.is_open ||
	    machine_find(&snapshot, name, &m, &failure) < 0 || m.leader.pid == leader)
		return -1;
	*pid = m.leader.pid;
	return leader_open(&m.leader, &snapshot.meta.context);
}

void former_wait(const char *name, int64_t leader)
{
	int64_t end = clock_milliseconds(CLOCK_MONOTONIC) + WAIT_MS;
	uint32_t pid;
	CLEANUP_CLOSE int pidfd = find_former(name, leader, &pid);

	if (pidfd < 0)
		return;
	do
		if (ends_within(pidfd, LOOK_MS))
			return;
	while (is_ending(pid) && clock_milliseconds(CLOCK_MONOTONIC) < end);
	file_reader_stop();
}
