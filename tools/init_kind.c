/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/init_kind.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "tools/pid_namespace.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * What its executable is called: "systemd", "busybox", ... Since it was started, another
 * one may have come in its place, as in an upgrade: proc(5) says so behind the name.
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
	strcpy(program, last_part(link));
}

/* Busybox is what it was called as, and writes just "init" there itself. */
static bool is_called_init(uint32_t pid)
{
	CLEANUP_FREE char *command = proc_read_text(pid, "cmdline");
	const char *name = command ? last_part(command) : "";

	return strcmp(name, "init") == 0 || strcmp(name, "linuxrc") == 0;
}

static int choose_signal(const struct machine *m, enum power_action action)
{
	uint32_t said = action == POWER_OFF ? m->poweroff_signal : m->reboot_signal;
	char program[PATH_MAX];

	if (said)
		return (int) said;
	read_program(m->leader.pid, program);
	if (pid_namespace_is_led_by(m->leader.pid)) {
		/* systemd(1), "Signals". */
		if (strcmp(program, "systemd") == 0)
			return SIGRTMIN + (action == POWER_OFF ? 4 : 5);
		/* Its init/init.c: SIGUSR1 halts, the others are these. */
		if (strcmp(program, "busybox") == 0 && is_called_init(m->leader.pid))
			return action == POWER_OFF ? SIGUSR2 : SIGTERM;
		/* init(8) of sysvinit: what its inittab(5) has for powerfail and ctrlaltdel. */
		if (strcmp(program, "init") == 0)
			return action == POWER_OFF ? SIGPWR : SIGINT;
	}
	return action == POWER_OFF ? SIGTERM : -EOPNOTSUPP;
}

/* A set of signals in /proc/PID/status. */
static uint64_t read_signals(const char *status, const char *name)
{
	const char *line = strstr(status, name);
	uint64_t set = 0;

	return line && sscanf(line + strlen(name), " %" SCNx64, &set) == 1 ? set : 0;
}

/*
 * Whether it waits for signals by sigwaitinfo(2), as busybox's init and tini
 * do: as long as it does, the kernel shows them as not blocked. True in doubt.
 */
static bool waits_for_signals(uint32_t pid)
{
	CLEANUP_FREE char *text = proc_read_text(pid, "syscall");

	return !text || atoi(text) == SYS_rt_sigtimedwait;
}

bool process_listens_to(uint32_t pid, int signal)
{
	CLEANUP_FREE char *status = proc_read_text(pid, "status");
	uint64_t bit = UINT64_C(1) << (signal - 1);

	if (!status)
		return false;
	/* One that is blocked is read from a signalfd(2), as by systemd. */
	if ((read_signals(status, "\nSigCgt:") | read_signals(status, "\nSigBlk:")) & bit ||
	    waits_for_signals(pid))
		return true;
	return !pid_namespace_is_led_by(pid) && !(read_signals(status, "\nSigIgn:") & bit);
}

int init_power_signal(const struct machine *m, enum power_action action)
{
	int signal = choose_signal(m, action);

	if (signal > 0 && !process_listens_to(m->leader.pid, signal))
		return -ENOMSG;
	return signal;
}
