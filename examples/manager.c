/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager NAME COMMAND [ARGUMENT...]: a manager of containers that is as small as can be. It
 * starts the command in namespaces of its own, registers it under NAME, and prints what
 * libmymachines(3) tells of the machine until the command ends. As root:
 *
 *     cc -o manager manager.c $(pkg-config --cflags --libs mymachines)
 *     ./manager box1 sleep 60
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <mymachines.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long the monitor may take to unregister a machine that has ended. */
#define UNREGISTER_MILLISECONDS 5000

extern char **environ;

struct container {
	char **command;
	int go[2]; /* a pipe: the command begins when its writing end is closed */
};

/* The first process of the container. It must not run the command before it is registered. */
static int be_container(void *argument)
{
	struct container *container = argument;
	char byte;

	close(container->go[1]);
	if (read(container->go[0], &byte, 1) != 0)
		_exit(1);
	close(container->go[0]);
	execvp(container->command[0], container->command);
	perror(container->command[0]);
	_exit(127);
}

/* Start the container. Its pid, or -1. `*pidfd` becomes readable when it ends. */
static pid_t start(struct container *container, int *pidfd)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	int namespaces = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;

	return clone(be_container, stack + sizeof stack, namespaces | CLONE_PIDFD | SIGCHLD,
		     container, pidfd);
}

/* Run a verb of mymachines(1). Whether it succeeded. */
static bool mymachines(char *verb, char *name, char *option, char *other_option)
{
	char *arguments[] = { "mymachines", verb, name, option, other_option, NULL };
	int status;
	pid_t pid;

	return posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

static void print_event(const struct mymachines_event *event)
{
	static const char *const words[] = { [MYMACHINES_ADDED] = "added",
					     [MYMACHINES_CHANGED] = "changed",
					     [MYMACHINES_REMOVED] = "removed" };
	char text[INET6_ADDRSTRLEN];

	printf("%s %s:", event->name, words[event->kind]);
	for (size_t i = 0; i < event->n_addresses; i++) {
		const struct mymachines_address *a = &event->addresses[i];

		printf(" %s", inet_ntop(a->family, a->bytes, text, sizeof text));
	}
	putchar('\n');
	fflush(stdout);
}

/* Print events of the machine. Whether one of them was that it is removed. */
static bool print_events(struct mymachines_watch *watch, const char *name)
{
	const struct mymachines_event *event;
	bool removed = false;

	while (mymachines_watch_next(watch, &event) > 0) {
		if (strcasecmp(event->name, name) != 0)
			continue;
		print_event(event);
		removed |= event->kind == MYMACHINES_REMOVED;
	}
	return removed;
}

/* Print events until the command has ended and the machine is unregistered. */
static void follow(struct mymachines_watch *watch, int pidfd, char *name)
{
	struct pollfd fds[] = { { .fd = mymachines_watch_fd(watch), .events = POLLIN },
				{ .fd = pidfd, .events = POLLIN } };
	bool removed = print_events(watch, name);

	/* A look that failed has no event. */
	while (poll(fds, 2, 1000) >= 0 && !fds[1].revents)
		removed = print_events(watch, name);
	while (!removed && poll(fds, 1, UNREGISTER_MILLISECONDS) > 0)
		removed = print_events(watch, name);
	/* No monitor runs: mymachines.conf(5) may say so. */
	if (!removed)
		mymachines("unregister", name, NULL, NULL);
}

int main(int argc, char *argv[])
{
	struct mymachines_watch *watch;
	char *name = argv[1], leader[32];
	struct container container;
	int pidfd, status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: manager NAME COMMAND [ARGUMENT...]\n");
		return 2;
	}
	container.command = argv + 2;
	/* Watch before registering, so that no event is missed. */
	if (mymachines_watch_new(&watch, 0) < 0 || pipe(container.go) < 0)
		return 1;
	pid = start(&container, &pidfd);
	if (pid < 0) {
		perror("clone");
		return 1;
	}
	close(container.go[0]);
	snprintf(leader, sizeof leader, "--leader=%d", (int) pid);
	if (!mymachines("register", name, leader, "--service=manager")) {
		kill(pid, SIGKILL);
		return 1;
	}
	close(container.go[1]);
	follow(watch, pidfd, name);
	mymachines_watch_free(watch);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
