/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 64

/* A variable that is a whole number, or -1. */
static long number_variable(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long number;

	if (!text || !*text)
		return -1;
	number = strtol(text, &end, 10);
	return *end ? -1 : number;
}

int activation_take(struct failure *f)
{
	long count = number_variable("LISTEN_FDS"), pid = number_variable("LISTEN_PID");

	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	if (pid != getpid() || count <= 0)
		return 0;
	if (count > DESCRIPTORS_MAX)
		return failure_set(f, FAILURE_INVALID, "LISTEN_FDS=%ld is too many", count);
	for (int fd = ACTIVATION_FIRST_FD; fd < ACTIVATION_FIRST_FD + count; fd++)
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
			return failure_errno(f, -errno, "cannot take over descriptor %d", fd);
	return (int) count;
}

char *activation_service_name(int fd, struct failure *f)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof address - 1;
	const char *slash;
	char *name;

	if (getsockname(fd, (struct sockaddr *) &address, &size) < 0) {
		failure_errno(f, -errno, "cannot determine the address of descriptor %d", fd);
		return NULL;
	}
	slash = address.sun_family == AF_UNIX ? strrchr(address.sun_path, '/') : NULL;
	if (!slash || !slash[1]) {
		failure_set(f, FAILURE_INVALID, "descriptor %d is not a socket with a path", fd);
		return NULL;
	}
	name = strdup(slash + 1);
	if (!name)
		failure_errno(f, -ENOMEM, "cannot serve descriptor %d", fd);
	return name;
}
