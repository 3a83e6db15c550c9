/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/work.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/pidfd.h"
#include "base/signal_name.h"
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's end. */
#define SOCKET_FD 3

/* How long a child whose socket is closed may take to have ended. */
#define END_MS 1000

/* Children at once: of one user, of all users but root, and of root. */
#define USER_WORKS_MAX	 16
#define OTHERS_WORKS_MAX 128
#define ROOT_WORKS_MAX	 512

/* And so many times as many that were killed and have not ended, which takes any child a moment. */
#define LEFT_FACTOR 2

/* The work that is being done. */
static struct work *works;

/* One message of a child's, and the descriptor beside it. */
struct report {
	bool has_failed;
	struct failure failure;
	size_t size;
	char text[WORK_TEXT_SIZE];
};

/*
 * Children that were killed and have not been waited for. A machine's file system can hold one
 * up for as long as it likes, and nobody waits for that.
 */
struct left_child {
	struct left_child *next;
	pid_t pid;
	uid_t user;
};

static struct left_child *left_children;

void work_reap(void)
{
	for (struct left_child **at = &left_children; *at;) {
		struct left_child *child = *at;

		if (waitpid(child->pid, NULL, WNOHANG) == 0) {
			at = &child->next;
			continue;
		}
		*at = child->next;
		free(child);
	}
}

static void leave_child(struct left_child *child)
{
	child->next = left_children;
	left_children = child;
}

/* The child has nothing of the clients', which wait for the end of their connections. 0, or -1 with errno. */
static int keep_only(int socket, int kept)
{
	/* Above both numbers, so that neither is closed while it is moved. */
	socket = fcntl(socket, F_DUPFD_CLOEXEC, WORK_KEPT_FD + 1);
	if (kept >= 0)
		kept = fcntl(kept, F_DUPFD_CLOEXEC, WORK_KEPT_FD + 1);
	if (socket < 0 || dup3(socket, SOCKET_FD, O_CLOEXEC) < 0 ||
	    (kept >= 0 && dup3(kept, WORK_KEPT_FD, O_CLOEXEC) < 0))
		return -1;
	return descriptors_close_from(kept >= 0 ? WORK_KEPT_FD + 1 : WORK_KEPT_FD);
}

static __attribute__((noreturn)) void run_child(pid_t parent, int socket, work_function *function,
						const void *argument, int kept)
{
	struct report *report = calloc(1, sizeof *report);
	struct work_result *result = calloc(1, sizeof *result);

	prctl(PR_SET_DUMPABLE, 0);
	if (!report || !result || !child_ends_with(parent))
		_exit(EXIT_FAILURE);
	if (keep_only(socket, kept) < 0) {
		report->has_failed = true;
		failure_errno(&report->failure, -errno, "cannot prepare a process for the work");
		descriptors_send(socket, report, sizeof *report, NULL, 0, 0);
		_exit(EXIT_FAILURE);
	}
	signals_reset();
	descriptors_allow_few();
	result->fd = -1;
	report->has_failed = function(argument, result, &report->failure) < 0;
	report->size = result->size;
	memcpy(report->text, result->text, result->size);
	descriptors_send(SOCKET_FD, report, sizeof *report, &result->fd,
			 !report->has_failed && result->fd >= 0, 0);
	_exit(EXIT_SUCCESS);
}

/* Whether children of this user, or of all but root, are as many as this. */
static bool are_too_many(const uid_t *user, size_t max)
{
	size_t n_working = 0, n_left = 0;

	for (const struct work *work = works; work; work = work->next)
		n_working += user ? work->user == *user : work->user != 0;
	for (const struct left_child *child = left_children; child; child = child->next)
		n_left += user ? child->user == *user : child->user != 0;
	return n_working >= max || n_left >= LEFT_FACTOR * max;
}

static bool has_too_many(uid_t user)
{
	if (user == 0)
		return are_too_many(&user, ROOT_WORKS_MAX);
	return are_too_many(&user, USER_WORKS_MAX) || are_too_many(NULL, OTHERS_WORKS_MAX);
}

/* Make the process and the pair of sockets. Returns the pid, or a negative errno. */
static pid_t start_child(int sockets[2], work_function *function, const void *argument, int kept)
{
	pid_t parent = getpid(), pid;
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		run_child(parent, sockets[1], function, argument, kept);
	error = errno;
	close(sockets[1]);
	if (pid > 0)
		return pid;
	close(sockets[0]);
	return -error;
}

int work_start(struct work *work, uid_t user, work_function *function, const void *argument,
	       int kept)
{
	struct left_child *left;
	int sockets[2];
	pid_t pid;

	work_reap();
	if (has_too_many(user))
		return -EUSERS;
	/* Now, so that work_end() needs no memory. */
	left = malloc(sizeof *left);
	if (!left)
		return -ENOMEM;
	pid = start_child(sockets, function, argument, kept);
	if (pid < 0) {
		free(left);
		return pid;
	}
	*left = (struct left_child){ NULL, pid, user };
	*work = (struct work){ pid, sockets[0], user, left, works };
	works = work;
	return 0;
}

/* Receive a report and its descriptor, or the end of the child: a length that no report has. */
static ssize_t receive_report(const struct work *work, struct report *report, int *fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { report, sizeof *report };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control };
	ssize_t n = recvmsg(work->socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	descriptors_received(&header, fd, 1);
	/* A descriptor that this process has no room for is one that the caller doesn't get. */
	return header.msg_flags & MSG_CTRUNC ? -EMFILE : n;
}

/* A child that has told nothing. What has killed it is told: it may be a fault, or what confines this process. */
static int fail_dead(const struct work *work, struct failure *f)
{
	CLEANUP_CLOSE int pidfd = pidfd_of(work->pid);
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	siginfo_t info = { 0 };
	char name[SIGNAL_NAME_SIZE];

	/* It stays a zombie until work_end(), so that its pid is nobody else's until then. */
	if (poll(&poller, 1, END_MS) > 0 &&
	    waitid(P_PID, (id_t) work->pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
	    (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED))
		return failure_set(f, FAILURE_OTHER,
				   "the process that does the work was killed by %s",
				   signal_format(info.si_status, name));
	return failure_set(f, FAILURE_OTHER, "the process that does the work has died");
}

/* A report that isn't the work's failure becomes its result. */
static int read_report(const struct work *work, ssize_t n, struct report *report,
		       struct work_result *result, struct failure *f)
{
	if (n < 0)
		return failure_errno(f, (int) n,
				     "cannot receive from the process that does the work");
	if (n != (ssize_t) sizeof *report || report->size > sizeof report->text)
		return fail_dead(work, f);
	if (report->has_failed) {
		report->failure.text[sizeof report->failure.text - 1] = '\0';
		*f = report->failure;
		return -1;
	}
	result->size = report->size;
	memcpy(result->text, report->text, report->size);
	return 0;
}

int work_receive(const struct work *work, struct work_result *result, struct failure *f)
{
	CLEANUP_FREE struct report *report = calloc(1, sizeof *report);
	int fd = -1, r;

	if (!report)
		return failure_errno(f, -ENOMEM,
				     "cannot receive from the process that does the work");
	r = read_report(work, receive_report(work, report, &fd), report, result, f);
	if (r < 0 && fd >= 0)
		close(fd);
	else
		result->fd = fd;
	return r;
}

FILE *work_result_begin(struct work_result *result, struct failure *f)
{
	int fd = memfd_create("result", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file) {
		failure_errno(f, -errno, "cannot make a file for the result");
		return NULL;
	}
	result->fd = fd;
	return file;
}

int work_result_end(FILE *file, struct failure *f)
{
	return fflush(file) != 0 ? failure_errno(f, -errno, "cannot write the result") : 0;
}

char *work_result_bytes(const struct work_result *result, size_t *size, int *error)
{
	char *bytes;
	struct stat st;

	if (fstat(result->fd, &st) < 0) {
		*error = -errno;
		return NULL;
	}
	*size = (size_t) st.st_size;
	bytes = malloc(*size + 1);
	if (bytes && pread(result->fd, bytes, *size, 0) == (ssize_t) *size) {
		bytes[*size] = '\0';
		return bytes;
	}
	*error = bytes ? -EIO : -ENOMEM;
	free(bytes);
	return NULL;
}

static void remove_work(const struct work *work)
{
	struct work **at = &works;

	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
}

void work_end(struct work *work)
{
	remove_work(work);
	kill(work->pid, SIGKILL);
	close(work->socket);
	leave_child(work->left);
	work_reap();
}
