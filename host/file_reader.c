/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/file_reader.h"

#include "base/array.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/proc_file.h"
#include "base/signals.h"
#include "host/machine_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* After a timeout, wait less until file_reader_stop(): a thousand more files may not come. */
#define LATER_MILLISECONDS 100

#define CHUNK_SIZE	 (32 * 1024)
#define READER_SOCKET_FD 3

struct request {
	uint64_t number;
	bool has_root; /* the root is passed as a descriptor; otherwise the path is absolute */
	size_t size;
	char path[256];
};

/* Sent before the bytes. */
struct reply {
	uint64_t number;
	ssize_t result;
};

/* The child process. `owner` is the process that started it; a fork of that must start its own. */
static struct {
	pid_t owner;
	pid_t pid;
	int socket;
	uint64_t requests;
	bool was_slow;
	pid_t *killed; /* that may not have ended yet */
	size_t n_killed;
} reader = { .socket = -1 };

/* Read a file of /proc, whose size isn't known beforehand. */
static ssize_t read_absolute(const char *path, char *text, size_t size)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t) n;
	return n < 0 ? -errno : (ssize_t) length;
}

/* Receive a request and the root. Returns false when the parent has ended. */
static bool receive_request(struct request *request, int *root)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { request, sizeof *request };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };

	*root = -1;
	if (recvmsg(READER_SOCKET_FD, &message, MSG_CMSG_CLOEXEC) != sizeof *request)
		return false;
	descriptors_received(&message, root, 1);
	return true;
}

static bool send_reply(const struct reply *reply, const char *text)
{
	if (send(READER_SOCKET_FD, reply, sizeof *reply, MSG_NOSIGNAL) < 0)
		return false;
	for (ssize_t sent = 0; sent < reply->result;) {
		ssize_t left = reply->result - sent;

		left = send(READER_SOCKET_FD, text + sent,
			    (size_t) (left < CHUNK_SIZE ? left : CHUNK_SIZE), MSG_NOSIGNAL);
		if (left <= 0)
			return false;
		sent += left;
	}
	return true;
}

/*
 * Give up everything inherited from the parent, such as locks and pipes that
 * somebody reads to the end. The descriptors first: there may be none left.
 */
static void become_reader(int socket)
{
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signals_reset();
	if (dup2(socket, READER_SOCKET_FD) < 0)
		_exit(1);
	descriptors_close_from(READER_SOCKET_FD + 1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		_exit(1);
	for (int fd = 0; fd < READER_SOCKET_FD; fd++)
		dup2(null, fd);
	cleanup_close(&null);
}

__attribute__((noreturn)) static void serve(int socket)
{
	static char text[FILE_READER_MAX];
	struct request request;
	bool goes_on = true;
	int root;

	become_reader(socket);
	while (goes_on && receive_request(&request, &root)) {
		struct reply reply = { .number = request.number };

		reply.result = request.has_root
				       ? machine_file_read(root, request.path, text, request.size)
				       : read_absolute(request.path, text, request.size);
		cleanup_close(&root);
		goes_on = send_reply(&reply, text);
	}
	_exit(0);
}

/* What a fork has inherited: the child process isn't its own. */
static void forget_former(void)
{
	reader.owner = getpid();
	reader.pid = 0;
	reader.n_killed = 0;
	reader.was_slow = false;
}

static int start_reader(void)
{
	int ends[2];
	pid_t pid;

	if (reader.owner != getpid())
		forget_former();
	if (reader.pid > 0)
		return 0;
	cleanup_close(&reader.socket);
	reader.socket = -1;
	reader.pid = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		serve(ends[1]);
	if (pid < 0) {
		int error = errno;

		descriptors_close(ends, 2);
		return -error;
	}
	close(ends[1]);
	reader.pid = pid;
	reader.socket = ends[0];
	return 0;
}

static void reap_killed(void)
{
	for (size_t i = 0; i < reader.n_killed; i++)
		if (waitpid(reader.killed[i], NULL, WNOHANG) != 0)
			reader.killed[i--] = reader.killed[--reader.n_killed];
}

static void close_reader(void)
{
	reader.pid = 0;
	cleanup_close(&reader.socket);
	reader.socket = -1;
}

/* The kernel may block it as long as a FUSE server likes: don't wait for its end. */
static void kill_reader(void)
{
	pid_t *killed = array_grow(reader.killed, reader.n_killed, sizeof *killed);

	kill(reader.pid, SIGKILL);
	if (killed) {
		reader.killed = killed;
		killed[reader.n_killed++] = reader.pid;
	}
	close_reader();
}

void file_reader_stop(void)
{
	if (reader.owner != getpid())
		forget_former();
	if (reader.pid > 0)
		child_end(reader.pid, 0);
	close_reader();
	reap_killed();
	reader.was_slow = false;
}

static int send_request(const struct request *request, int root)
{
	ssize_t n = descriptors_send(reader.socket, request, sizeof *request, &root,
				     request->has_root, 0);

	return n < 0 ? (int) n : 0;
}

/* Receive at most `size` bytes. Returns how many; -EPIPE if the child has ended. */
static ssize_t receive_before(int64_t deadline, void *bytes, size_t size)
{
	for (;;) {
		struct pollfd poller = { .fd = reader.socket, .events = POLLIN };
		int64_t left = deadline - clock_milliseconds(CLOCK_MONOTONIC);
		int r = poll(&poller, 1, left > 0 ? (int) left : 0);
		ssize_t n;

		if (r == 0)
			return -ETIMEDOUT;
		n = r > 0 ? recv(reader.socket, bytes, size, 0) : -1;
		if (n > 0)
			return n;
		if (n == 0)
			return -EPIPE;
		if (errno != EINTR)
			return -errno;
	}
}

static ssize_t receive_reply(int64_t deadline, uint64_t number, char *text, size_t size)
{
	struct reply reply;
	ssize_t got = 0, n = receive_before(deadline, &reply, sizeof reply);

	if (n < 0)
		return n;
	if (n != sizeof reply || reply.number != number || reply.result >= (ssize_t) size)
		return -EPROTO;
	while (got < reply.result) {
		n = receive_before(deadline, text + got, (size_t) (reply.result - got));
		if (n < 0)
			return n;
		got += n;
	}
	if (reply.result >= 0)
		text[reply.result] = '\0';
	return reply.result;
}

static ssize_t ask_reader(struct request *request, int root, char *text, int milliseconds)
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds;
	ssize_t r = start_reader();

	if (reader.was_slow && milliseconds > LATER_MILLISECONDS)
		deadline += LATER_MILLISECONDS - milliseconds;
	if (r < 0)
		return r;
	request->number = ++reader.requests;
	r = send_request(request, root);
	if (r == 0)
		r = receive_reply(deadline, request->number, text, request->size);
	if (r == -ETIMEDOUT || r == -EPIPE || r == -EPROTO) {
		reader.was_slow |= r == -ETIMEDOUT;
		kill_reader();
	}
	return r;
}

ssize_t file_reader_read(int root, const char *path, char *text, size_t size, int milliseconds)
{
	struct request request = { .has_root = true, .size = size };

	if (strlen(path) >= sizeof request.path || size > FILE_READER_MAX)
		return -EINVAL;
	strcpy(request.path, path);
	return ask_reader(&request, root, text, milliseconds);
}

ssize_t file_reader_read_proc(uint32_t pid, const char *file, char *text, size_t size)
{
	struct request request = { .size = size };

	if (size > FILE_READER_MAX)
		return -EINVAL;
	proc_path(request.path, pid, file);
	return ask_reader(&request, -1, text, FILE_READER_WAIT);
}
