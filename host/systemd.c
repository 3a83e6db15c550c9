/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/systemd.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "base/proc_file.h"
#include "base/program.h"
#include "host/held_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* systemd only queues the job, so it answers soon. */
#define ANSWER_MILLISECONDS 5000

bool systemd_is_running(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

pid_t system_service_pid(const char *unit)
{
	CLEANUP_FREE char *processes = NULL;
	struct cgroup_hierarchy cgroups;
	char path[PATH_MAX + 128];

	if (!systemd_is_running() || cgroup_hierarchy_find(&cgroups) < 0)
		return 0;
	snprintf(path, sizeof path, "%s%s/system.slice/%s/cgroup.procs", cgroups.mount,
		 cgroups.root, unit);
	processes = file_read_text(path);
	return processes ? (pid_t) strtol(processes, NULL, 10) : 0;
}

pid_t machined_pid(void)
{
	return system_service_pid("systemd-machined.service");
}

/* Whether a service that isn't ours listens on machined's socket for systemd-userdbd.service(8). */
static bool socket_is_served(void)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = "/run/systemd/userdb/io.systemd.Machine",
	};
	CLEANUP_CLOSE int fd = -1;

	if (held_socket_is_ours(address.sun_path))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof address) == 0;
}

bool machined_is_running(void)
{
	/* If systemd holds the socket, connecting would start machined. */
	return systemd_is_running() ? machined_pid() > 0 : socket_is_served();
}

/* org.freedesktop.systemd1(5) */
int systemd_stop_unit(struct arena *arena, const char *unit, struct failure *f)
{
	const char *const call[] = {
		/* clang-format off */
		"busctl", "--quiet", "--system", "call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StopUnit", "ss", unit, "replace", NULL,
		/* clang-format on */
	};
	struct program_answer answer;

	if (program_run(arena, call, ANSWER_MILLISECONDS, &answer, f) < 0)
		return -1;
	return answer.status ? program_failure("busctl", &answer, f) : 0;
}

int systemd_cancel_job(struct arena *arena, const char *unit, struct failure *f)
{
	const char *const show[] = { "systemctl", "show", "-p", "Job", "--value", unit, NULL };
	const char *cancel[] = { "systemctl", "cancel", NULL, NULL };
	struct program_answer answer;
	uint32_t job;

	if (program_run(arena, show, ANSWER_MILLISECONDS, &answer, f) < 0)
		return -1;
	answer.output[strcspn(answer.output, "\n")] = '\0';
	if (answer.status)
		return program_failure("systemctl", &answer, f);
	/* The unit has none, or isn't known any more: then there is nothing to cancel. */
	if (id_parse(answer.output, &job) < 0 || job == 0)
		return 0;
	cancel[2] = answer.output;
	if (program_run(arena, cancel, ANSWER_MILLISECONDS, &answer, f) < 0)
		return -1;
	return answer.status ? program_failure("systemctl", &answer, f) : 0;
}
