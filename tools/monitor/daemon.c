/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/daemon.h"

#include "base/array_size.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/lines.h"
#include "base/mountinfo.h"
#include "base/proc_file.h"
#include "base/signals.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

/* The child keeps its end of the pipe to its parent here. */
#define READY_FD 3

/* Limits and priorities of the starter's aren't meant for a daemon. */
static void reset_limits(void)
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE };
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	CLEANUP_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	cpu_set_t all;

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		setrlimit((__rlimit_resource_t) resources[i], &none);
	setpriority(PRIO_PROCESS, 0, 0);
	memset(&all, 0xff, sizeof all);
	sched_setaffinity(0, sizeof all, &all);
	if (fd >= 0)
		(void) !write(fd, "0", 1);
}

/* Wait until the child is ready or has ended. Returns the exit status. */
static int wait_for_child(pid_t pid, int pipe)
{
	char byte;
	int status;

	if (read(pipe, &byte, 1) == 1)
		return EXIT_SUCCESS;
	return child_wait(pid, &status) < 0 || !WIFEXITED(status) ? EXIT_FAILURE
								  : WEXITSTATUS(status);
}

static int become_child(int pipe, int *ready, struct failure *f)
{
	int r;

	setsid();
	signals_reset();
	/* As main() has set it: a write past a file limit is an error, and not the process's end. */
	signal(SIGXFSZ, SIG_IGN);
	reset_limits();
	/* The environment is the starter's: its NOTIFY_SOCKET, for one, is not for us. */
	clearenv();
	if (chdir("/") < 0 || (pipe != READY_FD && dup3(pipe, READY_FD, O_CLOEXEC) < 0))
		r = -errno;
	else
		r = descriptors_close_from(READY_FD + 1);
	if (r < 0)
		return failure_errno(f, r, "cannot become a daemon");
	*ready = READY_FD;
	return 0;
}

int daemon_fork(int *ready, struct failure *f)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return failure_errno(f, -errno, "cannot fork");
	if (pid == 0)
		return become_child(ends[1], ready, f);
	close(ends[1]);
	/* Not _exit(2): what was printed before is still to be flushed, and only here. */
	exit(wait_for_child(pid, ends[0]));
}

int daemon_announce_ready(int *ready, struct failure *f)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return failure_errno(f, -errno, "/dev/null");
	/* The parent may have been killed. */
	signal(SIGPIPE, SIG_IGN);
	(void) !write(*ready, "", 1);
	close(*ready);
	*ready = -1;
	return 0;
}

/* Whether a cgroup hierarchy is mounted whole. Another root is a cgroup of something else. */
static bool is_hierarchy(const struct mount *mount)
{
	return (strcmp(mount->type, "cgroup") == 0 || strcmp(mount->type, "cgroup2") == 0) &&
	       strcmp(mount->root, "/") == 0;
}

static void leave_cgroup(char *line)
{
	CLEANUP_CLOSE int fd = -1;
	char path[PATH_MAX];
	struct mount mount;

	if (!mount_parse(line, &mount) || !is_hierarchy(&mount) ||
	    snprintf(path, sizeof path, "%s/cgroup.procs", mount.point) >= PATH_MAX)
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void) !write(fd, "0", 1);
}

void daemon_leave_cgroups(void)
{
	CLEANUP_FREE char *mountinfo = file_read_text("/proc/self/mountinfo");

	for (char *line, *rest = mountinfo; (line = line_next(&rest));)
		leave_cgroup(line);
}

unsigned long daemon_raise_descriptors(void)
{
	CLEANUP_FREE char *most = file_read_text("/proc/sys/fs/nr_open");
	unsigned long all = most ? strtoul(most, NULL, 10) : 0;
	struct rlimit limit;

	/* Raising the hard limit needs CAP_SYS_RESOURCE; everybody may raise the soft one to it. */
	if (all && setrlimit(RLIMIT_NOFILE, &(struct rlimit){ all, all }) == 0)
		return all;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 256;
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){ limit.rlim_max, limit.rlim_max }) == 0)
		limit.rlim_cur = limit.rlim_max;
	return limit.rlim_cur;
}

int daemon_keep_capabilities(const int *capabilities, size_t count, struct failure *f)
{
	uint64_t kept = 0;
	bool may_limit;

	if (capng_get_caps_process() < 0)
		return failure_errno(f, -errno, "cannot read capabilities");
	may_limit = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	/* In a container there may be fewer of them to keep. */
	for (size_t i = 0; i < count; i++)
		if (capng_have_capability(CAPNG_PERMITTED, (unsigned int) capabilities[i]))
			kept |= (uint64_t) 1 << capabilities[i];
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned int capability = 0; capability < 64; capability++)
		if (kept & (uint64_t) 1 << capability)
			capng_update(CAPNG_ADD,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
				     capability);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    capng_apply(may_limit ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0)
		return failure_errno(f, -errno, "cannot give up capabilities");
	return 0;
}

void daemon_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	CLEANUP_CLOSE int fd = -1;

	if ((length > 0 && *path != '/' && *path != '@') || length < 2 ||
	    length >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, path, length);
	/* An abstract address begins with NUL: unix(7). */
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *) &address,
		       (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length));
}
