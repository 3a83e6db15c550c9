/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child enters the namespace, and there a child of that mounts a procfs of the namespace,
 * which is never attached. It sends each pid that the procfs lists as the sender's pid of a
 * message: the kernel translates it for the receiver, unix(7). The machine's processes can see
 * that child, and may stop or kill it, so there is a deadline.
 *
 * It is a process of the host's root, with the host's files. Whoever in there has CAP_SYS_PTRACE in its user
 * namespace could trace it, and become that root, ptrace(2): it is sent only where nobody can have that.
 */
#include "tools/processes/namespace_processes.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file_identity.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TIMEOUT_MS 2000

/* The payload of each message. */
enum { LISTED = 'p', COMPLETE = 'c' };

union credentials_message {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct ucred))];
};

/* ESRCH: the process has died since it was listed. */
static void send_pid(int socket, pid_t pid)
{
	struct ucred credentials = { pid, getuid(), getgid() };
	char payload = LISTED;
	struct iovec iov = { &payload, 1 };
	union credentials_message control = { 0 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};

	control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof credentials),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_CREDENTIALS,
	};
	memcpy(CMSG_DATA(&control.header), &credentials, sizeof credentials);
	if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0 && errno != ESRCH)
		_exit(EXIT_FAILURE);
}

/* A procfs of the calling process's pid namespace. NULL if it can't be mounted. */
static DIR *open_proc(void)
{
	int context = (int) syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	int mount, directory;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return NULL;
	mount = (int) syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	directory = mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory < 0 ? NULL : fdopendir(directory);
}

static void __attribute__((noreturn)) send_all(int socket)
{
	DIR *proc = open_proc();
	char complete = COMPLETE;
	struct dirent *entry;

	if (!proc)
		_exit(EXIT_FAILURE);
	while ((entry = readdir(proc))) {
		uint32_t pid;

		if (id_parse(entry->d_name, &pid) == 0 && (pid_t) pid != getpid())
			send_pid(socket, (pid_t) pid);
	}
	if (send(socket, &complete, 1, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* Only a child of the process that enters a pid namespace is in it. */
static void __attribute__((noreturn)) run_child(int socket, int namespace)
{
	pid_t pid;

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setns(namespace, CLONE_NEWPID) < 0)
		_exit(EXIT_FAILURE);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_all(socket);
	}
	_exit(pid > 0 && child_wait(pid, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* 1 with a pid, 0 at the end of a complete list, or a negative errno: -ETIMEDOUT after `end`. */
static int receive_pid(int socket, int64_t end, uint32_t *pid)
{
	struct pollfd poller = { .fd = socket, .events = POLLIN };
	struct ucred credentials;
	int64_t left;
	char payload = 0;
	struct iovec iov = { &payload, 1 };
	union credentials_message control = { 0 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};

	left = end - clock_milliseconds(CLOCK_MONOTONIC);
	if (left <= 0 || poll(&poller, 1, (int) left) == 0)
		return -ETIMEDOUT;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0)
		return -ECONNRESET;
	if (payload == COMPLETE)
		return 0;
	if (!CMSG_FIRSTHDR(&message) || control.header.cmsg_type != SCM_CREDENTIALS)
		return -EBADMSG;
	memcpy(&credentials, CMSG_DATA(&control.header), sizeof credentials);
	*pid = (uint32_t) credentials.pid;
	return 1;
}

/* Root of the machine can let the child go on for a moment, again and again, so the time is for all of it. */
static long receive_all(struct arena *arena, int socket, uint32_t **pids)
{
	int64_t end = clock_milliseconds(CLOCK_MONOTONIC) + TIMEOUT_MS;
	size_t count = 0;
	uint32_t pid;
	int r;

	*pids = NULL;
	while ((r = receive_pid(socket, end, &pid)) == 1) {
		*pids = arena_grow(arena, *pids, count, sizeof pid);
		(*pids)[count++] = pid;
	}
	return r < 0 ? r : (long) count;
}

/*
 * Whether the pid namespace belongs to another user namespace than the caller's. Then no process of the machine has
 * rights over one of the caller's. The leader's capabilities don't tell that: it may have given up some that another
 * process has kept.
 */
static bool is_of_other_users(int namespace)
{
	CLEANUP_CLOSE int owner = ioctl(namespace, NS_GET_USERNS);
	struct file_identity theirs, own;

	return owner >= 0 && file_identity_read(owner, "", &theirs) == 0 &&
	       file_identity_read(AT_FDCWD, "/proc/self/ns/user", &own) == 0 &&
	       !file_identities_equal(theirs, own);
}

long namespace_processes_read(struct arena *arena, int namespace, uint32_t **pids)
{
	CLEANUP_CLOSE int own = -1;
	int sockets[2], one = 1;
	long count;
	pid_t pid;

	if (geteuid() != 0)
		return -EPERM;
	if (!is_of_other_users(namespace))
		return -EACCES;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	own = sockets[0];
	setsockopt(own, SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
	pid = fork();
	if (pid == 0) {
		close(own);
		run_child(sockets[1], namespace);
	}
	count = pid < 0 ? -errno : 0;
	close(sockets[1]);
	if (pid < 0)
		return count;
	count = receive_all(arena, own, pids);
	child_end(pid, count < 0 ? 0 : TIMEOUT_MS);
	return count;
}
