/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/visitor.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/format.h"
#include "base/proc_file.h"
#include "base/signals.h"
#include "tools/enter/cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Where the visitor keeps the descriptors that it needs. All others are closed. */
enum { SOCKET_FD = 3, PIDFD_FD, ROOT_FD, FIRST_UNWANTED_FD };

/* More than an honest visitor sends. */
#define WARNINGS_MAX 64

/* To the caller. If that doesn't listen any more, it has exited. */
static void send_to_caller(int socket, const struct visitor_packet *packet, const int *fds,
			   size_t count)
{
	if (visitor_packet_send(socket, packet, fds, count) < 0)
		_exit(EXIT_FAILURE);
}

static void __attribute__((noreturn)) exit_with_failure(int socket, const struct failure *f)
{
	send_to_caller(socket, &(struct visitor_packet){ .kind = VISITOR_FAILED, .failure = *f },
		       NULL, 0);
	_exit(EXIT_FAILURE);
}

void visitor_warn(int socket, const char *format, ...)
{
	struct visitor_packet packet = { .kind = VISITOR_WARNING };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(packet.failure.text, sizeof packet.failure.text, format, arguments);
	va_end(arguments);
	send_to_caller(socket, &packet, NULL, 0);
}

static void send_notice(void *data, enum notice_kind kind, const char *text)
{
	(void) kind;
	visitor_warn(*(const int *) data, "%s", text);
}

static void wait_for_go(int socket)
{
	struct visitor_packet packet;

	if (visitor_packet_receive(socket, &packet, NULL, 0) != 1 || packet.kind != VISITOR_GO)
		_exit(EXIT_FAILURE);
}

void visitor_hand_over(int socket, const int *fds, size_t count)
{
	send_to_caller(socket, &(struct visitor_packet){ .kind = VISITOR_READY }, fds, count);
	wait_for_go(socket);
}

/* Scheduling policy and priority of I/O: sched(7), ioprio_set(2). */
static void copy_schedule(uint32_t leader)
{
	enum { WHO_PROCESS = 1 };
	long io = syscall(SYS_ioprio_get, WHO_PROCESS, leader);
	int policy = sched_getscheduler((pid_t) leader);
	struct sched_param parameters = { 0 };

	if (policy >= 0 && sched_getparam((pid_t) leader, &parameters) == 0)
		sched_setscheduler(0, policy, &parameters);
	if (io >= 0)
		syscall(SYS_ioprio_set, WHO_PROCESS, 0, io);
}

/* Take the limits and priorities of the leader in place of the caller's, as far as possible. */
static void copy_limits(uint32_t leader)
{
	CLEANUP_FREE char *oom = proc_read_text(leader, "oom_score_adj");
	CLEANUP_FREE char *persona = proc_read_text(leader, "personality");
	CLEANUP_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	cpu_set_t processors;
	int nice;

	for (int resource = 0; resource < RLIMIT_NLIMITS; resource++) {
		struct rlimit limit;

		if (prlimit((pid_t) leader, (__rlimit_resource_t) resource, NULL, &limit) == 0)
			setrlimit((__rlimit_resource_t) resource, &limit);
	}
	copy_schedule(leader);
	errno = 0;
	nice = getpriority(PRIO_PROCESS, leader);
	if (errno == 0)
		setpriority(PRIO_PROCESS, 0, nice);
	if (sched_getaffinity((pid_t) leader, sizeof processors, &processors) == 0)
		sched_setaffinity(0, sizeof processors, &processors);
	if (persona)
		personality(strtoul(persona, NULL, 16));
	if (oom && fd >= 0)
		(void) !write(fd, oom, strlen(oom));
}

/* The visitor's memory is a copy of the caller's until it executes a program: remove secrets. */
static void wipe_environment(void)
{
	for (char **variable = environ; *variable; variable++)
		explicit_bzero(*variable, strlen(*variable));
	clearenv();
}

/* Join an empty keyring, so that keys of the caller's session are out of reach: keyrings(7). */
static int leave_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return -errno;
	return 0;
}

/*
 * Close all descriptors but the socket and those of the entrance. Each of these may have the
 * number that another one is to get, so they move out of the way first.
 */
static int leave_descriptors(const struct entrance *e, int socket)
{
	int moved[] = { fcntl(socket, F_DUPFD_CLOEXEC, FIRST_UNWANTED_FD),
			fcntl(e->pidfd, F_DUPFD_CLOEXEC, FIRST_UNWANTED_FD),
			fcntl(e->root, F_DUPFD_CLOEXEC, FIRST_UNWANTED_FD) };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null != fd && dup2(null, fd) < 0)
			return -errno;
	for (int i = 0; i < 3; i++)
		if (moved[i] < 0 || dup3(moved[i], SOCKET_FD + i, O_CLOEXEC) < 0)
			return -errno;
	return descriptors_close_from(FIRST_UNWANTED_FD);
}

/* The caller may choose any user of the machine, even if the machine's root can't become one. */
#define VISITOR_CAPABILITIES (1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_CHOWN)

/*
 * Limit the bounding set for good: a program that the machine's root executes gets no more than
 * the leader may have. The visitor itself keeps what it needs to become a user.
 */
static int limit_capabilities(uint64_t most)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int capability = 0; capability < 64; capability++)
		if (!(most & (uint64_t) 1 << capability) &&
		    prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -errno;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t) ((most | VISITOR_CAPABILITIES) >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* Enter the machine. The pid is still one of the host's. */
static int enter_machine(const struct entrance *e, struct failure *f)
{
	int r;

	/* All at once, so that it doesn't matter which user namespace owns which of them. */
	if (e->namespaces && setns(PIDFD_FD, e->namespaces) < 0)
		return failure_errno(f, -errno, "cannot enter its namespaces");
	/* If no id 0 is mapped there, this stays nobody, with the capabilities of root. */
	if (e->namespaces & CLONE_NEWUSER && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) &&
	    errno != EINVAL)
		return failure_errno(f, -errno, "cannot become its root");
	/* The leader's root may be another directory than the root of its mount namespace. */
	if (fchdir(ROOT_FD) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return failure_errno(f, -errno, "cannot enter its root directory");
	close(PIDFD_FD);
	close(ROOT_FD);
	r = limit_capabilities(e->capabilities);
	if (r == 0 && e->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	return r < 0 ? failure_errno(f, r, "cannot give up capabilities") : 0;
}

/*
 * Leave behind what is the host's, before the machine is entered: from then on
 * strangers see the process. Also if this fails, `socket` is the descriptor to report on.
 */
static int leave_host(const struct entrance *e, int *socket, struct failure *f)
{
	struct notices warnings = { .sink = send_notice, .data = socket };
	int r;

	cgroups_join(e->leader, &warnings);
	copy_limits(e->leader);
	signals_reset();
	wipe_environment();
	r = leave_keyring();
	if (r == 0)
		r = leave_descriptors(e, *socket);
	if (r < 0)
		return failure_errno(f, r, "cannot leave the host");
	*socket = SOCKET_FD;
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setgroups(0, NULL) < 0)
		return failure_errno(f, -errno, "cannot leave the host");
	setsid();
	umask(022);
	return 0;
}

/* In the machine, with a pid of the machine's. */
static void __attribute__((noreturn)) run_work(visitor_work *work, void *argument)
{
	struct failure failure = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	wait_for_go(SOCKET_FD);
	if (work(SOCKET_FD, argument, &failure) < 0)
		exit_with_failure(SOCKET_FD, &failure);
	_exit(EXIT_SUCCESS);
}

/*
 * The process is not dumpable, so strangers can't trace it, nor open its /proc/PID/fd, exe or
 * mem, unless they have CAP_SYS_PTRACE in the host's user namespace: ptrace(2). It becomes
 * dumpable when it executes a program, with no descriptor but the program's. That program may be
 * a script for "/proc/self/exe", so the caller runs from a sealed copy: sealed_copy.h.
 */
static void __attribute__((noreturn))
run_visitor(const struct entrance *e, int socket, visitor_work *work, void *argument)
{
	struct clone_args clone = { .flags = CLONE_PARENT };
	struct failure failure = { 0 };
	pid_t pid;

	if (leave_host(e, &socket, &failure) < 0 || enter_machine(e, &failure) < 0)
		exit_with_failure(socket, &failure);
	/* Changing ids may have made it dumpable again: fs.suid_dumpable in proc(5). */
	prctl(PR_SET_DUMPABLE, 0);
	/* Only children are in the new pid namespace. This one is a child of the caller's. */
	pid = (pid_t) syscall(SYS_clone3, &clone, sizeof clone);
	if (pid == 0)
		run_work(work, argument);
	if (pid < 0) {
		failure_errno(&failure, -errno, "cannot make a process there");
		exit_with_failure(socket, &failure);
	}
	send_to_caller(socket, &(struct visitor_packet){ .kind = VISITOR_STARTED, .pid = pid },
		       NULL, 0);
	_exit(EXIT_SUCCESS);
}

int visitor_tampered(const struct visitor *visitor, struct failure *f)
{
	return visitor_packet_tampered(visitor->machine, f);
}

/* Receive a packet that is not a warning, as visitor_packet_expect() does. Warnings become notices. */
static int receive_packet(struct visitor *visitor, struct visitor_packet *packet, int *fds,
			  size_t count, struct failure *f)
{
	char escaped[ESCAPED_SIZE(FAILURE_TEXT_SIZE)];
	int r;

	while ((r = visitor_packet_expect(visitor->socket, visitor->pid, visitor->machine, packet,
					  fds, count, f)) == 1 &&
	       packet->kind == VISITOR_WARNING) {
		if (++visitor->n_warnings > WARNINGS_MAX)
			return visitor_tampered(visitor, f);
		notices_add(visitor->notices, NOTICE_WARNING, "%s: %s", visitor->machine,
			    escape(packet->failure.text, escaped));
	}
	return r;
}

/* The pid comes from the machine, so verify that it is our child before we ever kill it. */
static bool is_own_child(pid_t pid)
{
	siginfo_t info;

	return pid > 0 && waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Its first process tells which is its second one, in the machine. */
static int receive_start(struct visitor *visitor, struct failure *f)
{
	struct visitor_packet packet;
	int r = receive_packet(visitor, &packet, NULL, 0, f);

	if (r < 0)
		return r;
	if (r == 0)
		return visitor_packet_missing(visitor->machine, f);
	if (packet.kind != VISITOR_STARTED || packet.pid == visitor->pid ||
	    !is_own_child(packet.pid))
		return visitor_tampered(visitor, f);
	visitor->pid = packet.pid;
	return 0;
}

/* The caller lets it do its work. If it has died, that is seen when its answer is waited for. */
static void send_go(const struct visitor *visitor)
{
	(void) visitor_packet_send(visitor->socket, &(struct visitor_packet){ .kind = VISITOR_GO },
				   NULL, 0);
}

int visitor_send(struct visitor *visitor, const struct entrance *e, visitor_work *work,
		 void *argument, struct notices *notices, struct failure *f)
{
	int sockets[2], r;
	pid_t pid;

	*visitor = (struct visitor){
		.machine = e->machine, .pid = -1, .socket = -1, .notices = notices
	};
	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return failure_errno(f, -errno, "%s: cannot make a socket", e->machine);
	visitor->socket = sockets[0];
	pid = fork();
	if (pid == 0) {
		close(sockets[0]);
		run_visitor(e, sockets[1], work, argument);
	}
	r = pid < 0 ? failure_errno(f, -errno, "%s: cannot fork", e->machine) : 0;
	close(sockets[1]);
	if (r == 0) {
		visitor->pid = pid;
		r = receive_start(visitor, f);
	}
	if (r < 0) {
		visitor_end(visitor, 0);
		return r;
	}
	child_end(pid, VISITOR_ANSWER_MS);
	send_go(visitor);
	return 0;
}

int visitor_receive(struct visitor *visitor, int *fds, size_t count, struct failure *f)
{
	struct visitor_packet packet;
	int r = receive_packet(visitor, &packet, fds, count, f);

	if (r == 0)
		return visitor_packet_missing(visitor->machine, f);
	return r == 1 && packet.kind != VISITOR_READY ? visitor_tampered(visitor, f)
	       : r < 0				      ? r
						      : 0;
}

int visitor_release(struct visitor *visitor, struct failure *f)
{
	struct visitor_packet packet;
	int r;

	send_go(visitor);
	r = receive_packet(visitor, &packet, NULL, 0, f);
	return r == 1 ? visitor_tampered(visitor, f) : r;
}

void visitor_end(struct visitor *visitor, int milliseconds)
{
	cleanup_close(&visitor->socket);
	visitor->socket = -1;
	if (visitor->pid > 0)
		child_end(visitor->pid, milliseconds);
	visitor->pid = -1;
}
