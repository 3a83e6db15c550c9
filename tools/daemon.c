/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/daemon.h"

#include "registry/cleanup.h"
#include "registry/mountinfo.h"
#include "registry/proc_file.h"
#include "tools/message.h"

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

#ifndef SYS_close_range
#define SYS_close_range 436 /* of all architectures but alpha: Linux 5.9 */
#endif

/* Where the child's end of the pipe to its parent is kept. */
#define READY_FD 3

static void reset_signals(void)
{
	sigset_t none;

	/* But for what main() has set. */
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		if (signal_number != SIGXFSZ)
			signal(signal_number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What its starter may use, in time or size, isn't meant for it. */
static void reset_limits(void)
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE };
	static const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	CLEANUP_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	cpu_set_t all;

	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
		setrlimit((__rlimit_resource_t) resources[i], &none);
	setpriority(PRIO_PROCESS, 0, 0);
	memset(&all, 0xff, sizeof all);
	sched_setaffinity(0, sizeof all, &all);
	if (fd >= 0)
		(void) !write(fd, "0", 1);
}

/* Until the child is ready or has ended. Returns the exit status. */
static int wait_for_child(pid_t pid, int pipe)
{
	char byte;
	int status;

	if (read(pipe, &byte, 1) == 1)
		return EXIT_SUCCESS;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int become_child(int pipe, int *ready)
{
	setsid();
	reset_signals();
	reset_limits();
	/* It is another's: NOTIFY_SOCKET, for one, is that of who started this. */
	clearenv();
	if (chdir("/") < 0 || (pipe != READY_FD && dup3(pipe, READY_FD, O_CLOEXEC) < 0) ||
	    syscall(SYS_close_range, READY_FD + 1, UINT_MAX, 0) < 0) {
		complain("cannot become a daemon: %s", strerror(errno));
		return -1;
	}
	*ready = READY_FD;
	return 0;
}

int daemon_fork(int *ready)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		complain("cannot fork: %s", strerror(errno));
		return -1;
	}
	if (pid == 0)
		return become_child(ends[1], ready);
	close(ends[1]);
	/* What was printed is for the parent to flush. */
	exit(wait_for_child(pid, ends[0]));
}

int daemon_is_ready(int *ready)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	complain_as_daemon(true);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0) {
			complain("/dev/null: %s", strerror(errno));
			return -1;
		}
	/* Whether or not anybody still waits for it. */
	signal(SIGPIPE, SIG_IGN);
	(void) !write(*ready, "", 1);
	close(*ready);
	*ready = -1;
	return 0;
}

/* Where a cgroup hierarchy is mounted whole: another root is a cgroup made for something else. */
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
	char *rest;

	for (char *line = mountinfo ? strtok_r(mountinfo, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest))
		leave_cgroup(line);
}

unsigned long daemon_raise_descriptors(void)
{
	CLEANUP_FREE char *most = file_read_text("/proc/sys/fs/nr_open");
	unsigned long all = most ? strtoul(most, NULL, 10) : 0;
	struct rlimit limit;

	/* The hard limit is for CAP_SYS_RESOURCE to raise; the soft one up to it, for everyone. */
	if (all && setrlimit(RLIMIT_NOFILE, &(struct rlimit){ all, all }) == 0)
		return all;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 256;
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){ limit.rlim_max, limit.rlim_max }) == 0)
		limit.rlim_cur = limit.rlim_max;
	return limit.rlim_cur;
}

int daemon_keep_capabilities(const int *capabilities, size_t count)
{
	uint64_t kept = 0;
	bool may_limit;

	if (capng_get_caps_process() < 0) {
		complain("cannot read capabilities: %s", strerror(errno));
		return -1;
	}
	may_limit = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	/* In a container, there may be less to keep. */
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
	    capng_apply(may_limit ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0) {
		complain("cannot give up capabilities: %s", strerror(errno));
		return -1;
	}
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
	/* An abstract one: unix(7). */
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *) &address,
		       (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length));
}
