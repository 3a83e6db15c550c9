/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/monitor_start.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/configuration.h"
#include "base/ending.h"
#include "base/pidfd.h"
#include "base/program.h"
#include "host/systemd.h"
#include "tools/monitor/monitor_lock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A monitor that was told to end first finishes its pass. */
#define END_MILLISECONDS 3000

/* How long a question to systemd may take, with the way to it; and a process until it is the monitor. */
#define CALL_MILLISECONDS  4000
#define START_MILLISECONDS 10000

bool monitor_has_unit(void)
{
	static const char path[] = SYSTEM_UNIT_DIRECTORY "/" MONITOR_UNIT;

	/* The directory is empty if this was configured to install no units. */
	return path[0] == '/' && access(path, F_OK) == 0;
}

/* systemctl(1), mask: a link to /dev/null, or an empty file, in the place of the unit. */
bool monitor_is_masked(void)
{
	static const char *const paths[] = { "/etc/systemd/system/" MONITOR_UNIT,
					     "/run/systemd/system/" MONITOR_UNIT };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (stat(paths[i], &st) == 0)
			return !S_ISREG(st.st_mode) || st.st_size == 0;
	return false;
}

/* Queue the job, and don't wait for it: org.freedesktop.systemd1(5). busctl's own limit is for the answer only: a bus
 * may take the connection and then say nothing. */
static int start_unit(void)
{
	static const char *const call[] = {
		/* clang-format off */
		"busctl", "--quiet", "--system", "--timeout=3", "call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StartUnit", "ss", MONITOR_UNIT, "replace", NULL,
		/* clang-format on */
	};

	return run_program(call, true, CALL_MILLISECONDS);
}

static int start_process(const char *program)
{
	const char *const arguments[] = { program, "monitor", "--background", "--exit-when-empty",
					  NULL };

	return program ? run_program(arguments, false, START_MILLISECONDS) : -ENOENT;
}

/* Whether the file of the program that this process runs was removed or replaced. */
static bool runs_replaced_program(pid_t pid)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return stem_length(path, PROGRAM_DELETED) > 0;
}

pid_t monitor_find_replaced(void)
{
	pid_t pid = 0;

	return monitor_is_running(&pid) == 1 && pid && runs_replaced_program(pid) ? pid : 0;
}

/* It starts no other one by itself unless something is published meanwhile. */
bool monitor_end_replaced(void)
{
	pid_t pid = monitor_find_replaced(), again = 0;
	CLEANUP_CLOSE int pidfd = pid ? pidfd_of(pid) : -1;
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	/* The pid may be another process's by now, but not if it still has the lock. */
	if (pidfd < 0 || monitor_is_running(&again) != 1 || again != pid)
		return false;
	pidfd_signal(pidfd, SIGTERM);
	poll(&poller, 1, END_MILLISECONDS);
	return true;
}

/* Whether there is a monitor, and it runs this version of the program. */
static bool is_running(void)
{
	pid_t pid;

	monitor_end_replaced();
	return monitor_is_running(&pid) != 0;
}

void monitor_start(const char *program, struct notices *notices)
{
	int r;

	if (!configuration_read(NULL)->monitor || is_running())
		return;
	if (systemd_is_running() && monitor_has_unit() &&
	    (monitor_is_masked() || start_unit() == 0))
		return;
	r = start_process(program);
	/* -EPROTO: it has failed, and has printed why. */
	if (r < 0 && r != -EPROTO)
		notices_add(notices, NOTICE_WARNING, "cannot start the monitor: %s", strerror(-r));
}

int monitor_register(const struct registration *registrations, size_t count,
		     const struct registrar_options *options, const char *program,
		     struct notices *notices, struct failure *f)
{
	bool had_replaced = program && monitor_end_replaced();
	int r = register_machines(registrations, count, options, notices, f);

	if (had_replaced || (r == 0 && count > 0 && program))
		monitor_start(program, notices);
	return r;
}
