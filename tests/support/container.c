/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * container [OPTION...] [-- COMMAND...]: a container of namespaces, for tests
 * and the demo. Prints the leader's pid once the leader is all set, and holds
 * it until standard input ends or the leader does; whatever happens to this
 * process, the leader dies with it.
 *
 *   --map=INNER:OUTER:COUNT  an extent of both id maps; several make one map (0:100000:65536)
 *   --share=NAMESPACE        stay in the caller's user, net, pid or mnt namespace
 *   --root=DIRECTORY         change the root to it
 *   --hold                   hold it also without standard input
 */
#include "base/array_size.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int namespaces =
	CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
static char map[16384];
static const char *root;
static bool hold_without_input;
static char **command;

static void die(const char *what)
{
	fprintf(stderr, "container: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void share(const char *name)
{
	static const struct {
		const char *name;
		int flag;
	} all[] = { { "user", CLONE_NEWUSER },
		    { "net", CLONE_NEWNET },
		    { "pid", CLONE_NEWPID },
		    { "mnt", CLONE_NEWNS } };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i].name, name) == 0) {
			namespaces &= ~all[i].flag;
			return;
		}
	errno = EINVAL;
	die(name);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "map", required_argument, NULL, 'm' },
		{ "share", required_argument, NULL, 's' },
		{ "root", required_argument, NULL, 'r' },
		{ "hold", no_argument, NULL, 'h' },
		{ 0 },
	};
	unsigned int inner, outer, count;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'm':
			if (sscanf(optarg, "%u:%u:%u", &inner, &outer, &count) != 3)
				die("--map");
			sprintf(map + strlen(map), "%u %u %u\n", inner, outer, count);
			break;
		case 's': share(optarg); break;
		case 'r': root = optarg; break;
		case 'h': hold_without_input = true; break;
		default: exit(EXIT_FAILURE);
		}
	}
	if (!*map)
		strcpy(map, "0 100000 65536\n");
	command = argv + optind;
}

static void wait_byte(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
}

/* Like init: reap, and end on the signals that ask for it. */
static void idle(void)
{
	signal(SIGTERM, _exit);
	signal(SIGINT, _exit);
	signal(SIGPWR, _exit);
	for (;;)
		if (wait(NULL) < 0)
			pause();
}

static void lead(int go, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_byte(go);
	if (namespaces & CLONE_NEWUSER &&
	    (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0))
		die("cannot become root");
	/* Changing ids has reset it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (namespaces & CLONE_NEWNS && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("cannot make mounts private");
	if (root && (chdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0))
		die(root);
	if (namespaces & CLONE_NEWNS && namespaces & CLONE_NEWPID &&
	    mount("proc", "/proc", "proc", 0, NULL) < 0 && errno != ENOENT)
		die("cannot mount /proc");
	setsid();
	close(go);
	if (write(ready, "", 1) != 1)
		_exit(EXIT_FAILURE);
	close(ready);
	if (*command) {
		execvp(command[0], command);
		die(command[0]);
	}
	idle();
}

static void write_file(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* The kernel takes a map in one write only: user_namespaces(7). */
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

/* Wait until standard input or the leader has ended. */
static void hold(int pidfd)
{
	struct pollfd fds[2] = { { .fd = hold_without_input ? -1 : STDIN_FILENO, .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };
	char bytes[256];

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[1].revents)
			return;
		if (fds[0].revents && read(STDIN_FILENO, bytes, sizeof bytes) <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	int go[2], ready[2], pidfd;
	pid_t pid;

	parse(argc, argv);
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
		die("pipe");
	pid = (pid_t) syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		die("clone");
	if (pid == 0) {
		close(go[1]);
		lead(go[0], ready[1]);
		_exit(EXIT_FAILURE);
	}
	close(ready[1]);
	if (namespaces & CLONE_NEWUSER) {
		write_file(pid, "uid_map", map);
		write_file(pid, "gid_map", map);
	}
	if (write(go[1], "", 1) != 1)
		die("write");
	wait_byte(ready[0]);
	pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
	printf("%d\n", pid);
	fflush(stdout);
	/* The reader of the pid waits for the end of the pipe. */
	close(STDOUT_FILENO);
	hold(pidfd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return EXIT_SUCCESS;
}
