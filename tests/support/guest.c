/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest TAP PID [ARGUMENT...]: as an emulator, opens the tap interface TAP of the
 * network namespace that it is started in. What would run in it is the network
 * namespace of process PID, which gets a tap eth0 that frames are passed to and
 * from. Its other arguments are there to be seen. Prints its pid when all is
 * set up, and runs until standard input ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "guest: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		die(name);
	return fd;
}

static void pass(int from, int to)
{
	char frame[65536];
	ssize_t n = read(from, frame, sizeof frame);

	if (n > 0)
		(void) !write(to, frame, (size_t) n);
}

/* In a process of its own, so that the emulator has a single tap open. */
static void pass_frames(int outside, int inside)
{
	struct pollfd fds[2] = { { .fd = outside, .events = POLLIN },
				 { .fd = inside, .events = POLLIN } };

	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents & POLLIN)
			pass(outside, inside);
		if (fds[1].revents & POLLIN)
			pass(inside, outside);
	}
}

int main(int argc, char **argv)
{
	char byte;
	int outside, network, ready[2];

	if (argc < 3) {
		fputs("Usage: guest TAP PID [ARGUMENT...]\n", stderr);
		return EXIT_FAILURE;
	}
	outside = open_tap(argv[1]);
	network = (int) syscall(SYS_pidfd_open, atoi(argv[2]), 0);
	if (network < 0 || pipe2(ready, O_CLOEXEC) < 0)
		die(argv[2]);
	if (fork() == 0) {
		int inside;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setns(network, CLONE_NEWNET) < 0)
			die("setns");
		inside = open_tap("eth0");
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		(void) !write(ready[1], "", 1);
		pass_frames(outside, inside);
		_exit(EXIT_FAILURE);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return EXIT_FAILURE;
	printf("%d\n", getpid());
	fflush(stdout);
	close(STDOUT_FILENO);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return EXIT_SUCCESS;
}
