/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor_start.h"

#include "tools/configuration.h"
#include "tools/message.h"
#include "tools/monitor_lock.h"
#include "tools/peer.h"
#include "tools/program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

bool monitor_has_unit(void)
{
	static const char path[] = SYSTEM_UNIT_DIRECTORY "/" MONITOR_UNIT;

	/* It isn't, if this was configured to install none. */
	return path[0] == '/' && access(path, F_OK) == 0;
}

/* org.freedesktop.systemd1(5): the job is queued, and this doesn't wait for it. */
static int start_unit(void)
{
	static const char *const call[] = {
		/* clang-format off */
		"busctl", "--quiet", "--system", "--timeout=3", "call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StartUnit", "ss", MONITOR_UNIT, "replace", NULL,
		/* clang-format on */
	};

	return run_program(call, true);
}

/* This very program, whatever is in PATH. */
static int start_process(void)
{
	const char *const arguments[] = { program_own_path(), "monitor", "--background",
					  "--exit-when-empty", NULL };

	return arguments[0] ? run_program(arguments, false) : -errno;
}

void monitor_start(void)
{
	pid_t pid;
	int r;

	if (!configuration_read().monitor || monitor_is_running(&pid) != 0)
		return;
	if (systemd_is_running() && monitor_has_unit() && start_unit() == 0)
		return;
	r = start_process();
	/* Otherwise it has said it. */
	if (r < 0 && r != -EPROTO)
		complain("cannot start the monitor: %s", strerror(-r));
}
