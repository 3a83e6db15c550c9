/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/init_kind.h"

#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/file_reader.h"
#include "tools/processes/pid_namespace.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than the nine numbers of /proc/PID/syscall. */
#define SYSCALL_SIZE 256

/*
 * The name of its executable: "systemd", "busybox", ... If the file was replaced since
 * it was started, as by an upgrade, proc(5) appends a remark to the name.
 */
static void read_program(uint32_t pid, char program[static PATH_MAX])
{
	static const char replaced[] = " (deleted)";
	char path[PROC_PATH_SIZE], link[PATH_MAX], *end;
	ssize_t length;

	proc_path(path, pid, "exe");
	length = readlink(path, link, sizeof link - 1);
	link[length > 0 ? length : 0] = '\0';
	end = link + strlen(link) - strlen(replaced);
	if (end > link && strcmp(end, replaced) == 0)
		*end = '\0';
	strcpy(program, basename(link));
}

/* Busybox is the applet that it was called as. Its init writes "init" there itself. */
static bool is_called_init(uint32_t pid)
{
	char command[PATH_MAX];
	ssize_t length = file_reader_read_proc(pid, "cmdline", command, sizeof command);
	const char *name = length > 0 ? basename(command) : "";

	return strcmp(name, "init") == 0 || strcmp(name, "linuxrc") == 0;
}

/* The signal that was given, or that of an init of a known kind; 0 for another init. */
static int known_signal(const struct machine *m, enum power_action action)
{
	uint32_t given = action == POWER_OFF ? m->poweroff_signal : m->reboot_signal;
	char program[PATH_MAX];

	if (given)
		return (int) given;
	if (!pid_namespace_is_led_by(m->leader.pid))
		return 0;
	read_program(m->leader.pid, program);
	/* systemd(1), "Signals". */
	if (strcmp(program, "systemd") == 0)
		return SIGRTMIN + (action == POWER_OFF ? 4 : 5);
	/* Its init/init.c: SIGUSR1 halts, the others are these. */
	if (strcmp(program, "busybox") == 0 && is_called_init(m->leader.pid))
		return action == POWER_OFF ? SIGUSR2 : SIGTERM;
	/* init(8) of sysvinit: the actions powerfail and ctrlaltdel of its inittab(5). */
	if (strcmp(program, "init") == 0)
		return action == POWER_OFF ? SIGPWR : SIGINT;
	return 0;
}

/* Read a set of signals from /proc/PID/status. */
static uint64_t read_signals(const char *status, const char *name)
{
	const char *line = strstr(status, name);
	uint64_t set = 0;

	return line && sscanf(line + strlen(name), " %" SCNx64, &set) == 1 ? set : 0;
}

/*
 * Whether it waits for signals by sigwaitinfo(2), as busybox's init and tini
 * do: while it does, the kernel shows them as not blocked. True if unknown. The kernel lets readers wait while
 * the process executes a program, which a file system's server can delay as long as it likes.
 */
static bool waits_for_signals(uint32_t pid)
{
	char text[SYSCALL_SIZE];
	ssize_t length = file_reader_read_proc(pid, "syscall", text, sizeof text);

	return length <= 0 || atoi(text) == SYS_rt_sigtimedwait;
}

/* Whether the process would act on this signal. By default, an init ignores all signals. */
static bool listens_to(uint32_t pid, int signal)
{
	CLEANUP_FREE char *status = proc_read_text(pid, "status");
	uint64_t bit = UINT64_C(1) << (signal - 1);

	if (!status)
		return false;
	/* A blocked signal may be read from a signalfd(2), as systemd does. */
	if ((read_signals(status, "\nSigCgt:") | read_signals(status, "\nSigBlk:")) & bit ||
	    waits_for_signals(pid))
		return true;
	return !pid_namespace_is_led_by(pid) && !(read_signals(status, "\nSigIgn:") & bit);
}

int init_power_signal(const struct machine *m, enum power_action action)
{
	int signal = known_signal(m, action);

	if (signal == 0 && action == POWER_REBOOT)
		return -EOPNOTSUPP;
	if (signal == 0)
		signal = SIGTERM;
	return listens_to(m->leader.pid, signal) ? signal : -ENOMSG;
}

int init_usual_signal(const struct machine *m, enum power_action action)
{
	int signal = known_signal(m, action);

	return signal ? signal : action == POWER_OFF ? SIGRTMIN + 4 : SIGINT;
}
