/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/entrance.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "registry/process.h"
#include "tools/cgroups.h"
#include "tools/format.h"
#include "tools/machine_cgroup.h"
#include "tools/machine_file.h"
#include "tools/message.h"
#include "tools/options.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
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
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* of all architectures but alpha: Linux 5.9 */
#endif

/* Where a child keeps what it needs, the rest being closed. */
enum { SOCKET_FD = 3, PIDFD_FD, ROOT_FD, FIRST_UNWANTED_FD };

enum packet_kind { PACKET_STARTED, PACKET_READY, PACKET_GO, PACKET_FAILED };

struct packet {
	enum packet_kind kind;
	int error;
	pid_t pid;
	char what[256];
};

static const struct {
	const char *name;
	int flag;
} namespaces[] = {
	{ "user", CLONE_NEWUSER }, { "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC },
	{ "uts", CLONE_NEWUTS },   { "net", CLONE_NEWNET },	  { "pid", CLONE_NEWPID },
	{ "mnt", CLONE_NEWNS },	   { "time", CLONE_NEWTIME },
};

/* 0 or a negative errno. A kind of namespace that this kernel lacks is nobody's own. */
static int find_namespaces(struct entrance *e)
{
	for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
		char own[PROC_PATH_SIZE];
		int r;

		snprintf(own, sizeof own, "/proc/self/ns/%s", namespaces[i].name);
		if (access(own, F_OK) < 0 && errno == ENOENT)
			continue;
		r = process_shares_namespace(e->leader, namespaces[i].name);
		if (r < 0)
			return r;
		if (r == 0)
			e->namespaces |= namespaces[i].flag;
	}
	return 0;
}

static int read_privileges(struct entrance *e)
{
	CLEANUP_FREE char *status = proc_read_text(e->leader, "status");
	const char *line = status ? strstr(status, "\nCapBnd:") : NULL;

	if (!status)
		return -errno;
	e->no_new_privileges = strstr(status, "\nNoNewPrivs:\t1");
	return line && sscanf(line, "\nCapBnd: %" SCNx64, &e->capabilities) == 1 ? 0 : -EBADMSG;
}

/* 0 or a negative errno. */
static int read_leader(struct entrance *e, const struct machine *machine,
		       const struct registry_origin *origin)
{
	int r = e->pidfd = leader_open(&machine->leader, origin);

	if (r >= 0)
		r = e->root = machine_root_open(machine, origin);
	if (r >= 0)
		r = find_namespaces(e);
	if (r == 0)
		r = read_privileges(e);
	/* What was read of the pid was its, as it still lives. */
	if (r == 0 && !leader_is_running(e->pidfd))
		r = -ESRCH;
	return r;
}

int entrance_open(struct entrance *e, const struct machine *machine,
		  const struct registry_origin *origin)
{
	int r;

	*e = (struct entrance){
		.subject = machine->name,
		.leader = machine->leader.pid,
		.pidfd = -1,
		.root = -1,
	};
	if (machine->class != MACHINE_CONTAINER) {
		complain(
			"%s: is a virtual machine, which can't be entered; use 'mymachines ssh %s'",
			e->subject, e->subject);
		return -1;
	}
	if (geteuid() != 0) {
		complain("%s: to enter a machine needs root", e->subject);
		return -1;
	}
	r = read_leader(e, machine, origin);
	if (r < 0) {
		complain_operation(machine, "enter it", r);
		return -1;
	}
	/* What goes in would stand still as well, and who sent it would wait. */
	if (process_is_frozen(e->leader)) {
		complain("%s: is paused; resume it first", e->subject);
		return -1;
	}
	if (!e->namespaces && machine_root_is_hosts(e->root)) {
		complain("%s: its leader has no namespace of its own, so there is nothing to enter",
			 e->subject);
		return -1;
	}
	return 0;
}

void entrance_close(struct entrance *e)
{
	cleanup_close(&e->pidfd);
	cleanup_close(&e->root);
	e->pidfd = e->root = -1;
}

static void send_packet(int socket, const struct packet *packet, const int *fds, size_t count)
{
	struct iovec iov = { (void *) packet, sizeof *packet };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(VISITOR_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof *fds);
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(count * sizeof *fds),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof *fds);
	}
	/* Who doesn't listen any more has ended. */
	if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

static void close_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

/*
 * Whatever the packet brings. Returns 1 if it is whole and has just as many
 * descriptors, 0 at the end, or -EBADMSG; with 1 the descriptors are the caller's.
 */
static int receive_packet(int socket, struct packet *packet, int *fds, size_t count)
{
	struct iovec iov = { packet, sizeof *packet };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(VISITOR_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	int received[VISITOR_FDS_MAX];
	size_t n = 0;
	ssize_t size;

	do
		size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	if (size <= 0)
		return 0;
	if (CMSG_FIRSTHDR(&message) && control.header.cmsg_level == SOL_SOCKET &&
	    control.header.cmsg_type == SCM_RIGHTS) {
		n = (control.header.cmsg_len - CMSG_LEN(0)) / sizeof *received;
		memcpy(received, CMSG_DATA(&control.header), n * sizeof *received);
	}
	packet->what[sizeof packet->what - 1] = '\0';
	if (size != sizeof *packet || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    (packet->kind != PACKET_FAILED && n != count)) {
		close_fds(received, n);
		return -EBADMSG;
	}
	if (packet->kind == PACKET_FAILED)
		close_fds(received, n);
	else if (n)
		memcpy(fds, received, n * sizeof *received);
	return 1;
}

void visitor_fail(int socket, int error, const char *format, ...)
{
	struct packet packet = { .kind = PACKET_FAILED, .error = error };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(packet.what, sizeof packet.what, format, arguments);
	va_end(arguments);
	send_packet(socket, &packet, NULL, 0);
	_exit(EXIT_FAILURE);
}

/* For a child: wait for the caller's word. */
static void wait_for_go(int socket)
{
	struct packet packet;

	if (receive_packet(socket, &packet, NULL, 0) != 1 || packet.kind != PACKET_GO)
		_exit(EXIT_FAILURE);
}

void visitor_hand_over(int socket, const int *fds, size_t count)
{
	send_packet(socket, &(struct packet){ .kind = PACKET_READY }, fds, count);
	wait_for_go(socket);
}

static void reset_signals(void)
{
	/* The kernel's struct sigaction: SIG_DFL is 0. signal(3) leaves those alone that libc uses. */
	static const uint64_t by_default[8];
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, by_default, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Who may run before others, and read and write: sched(7), ioprio_set(2). */
static void take_schedule(uint32_t leader)
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

/* Limits and priorities are those of the machine, not of who goes there. As far as that goes. */
static void take_after(uint32_t leader)
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
	take_schedule(leader);
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

/* Until it executes a program, its memory is a copy of the caller's: no secret is to be in it. */
static void wipe_environment(void)
{
	for (char **variable = environ; *variable; variable++)
		explicit_bzero(*variable, strlen(*variable));
	clearenv();
}

/* An empty keyring, so that keys of the caller's session are out of reach: keyrings(7). */
static int leave_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return -errno;
	return 0;
}

/* All but the socket and the entrance, whose descriptors may be in each other's places. */
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
	return syscall(SYS_close_range, FIRST_UNWANTED_FD, ~0U, 0) < 0 ? -errno : 0;
}

/* To become another user is the caller's choice, whatever the machine's root may do. */
#define VISITOR_CAPABILITIES (1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_CHOWN)

/*
 * For good. A program that root of the machine executes then gets no more than
 * the leader may have; until then, a visitor has what it needs to become a user.
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

/* Into the machine, still with a pid of the host's. */
static void enter(const struct entrance *e)
{
	int r;

	/* All at once, so that it doesn't matter which of them own which. */
	if (e->namespaces && setns(PIDFD_FD, e->namespaces) < 0)
		visitor_fail(SOCKET_FD, errno, "cannot enter its namespaces");
	/* Where the machine has no root, this stays nobody, but with root's capabilities. */
	if (e->namespaces & CLONE_NEWUSER && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) &&
	    errno != EINVAL)
		visitor_fail(SOCKET_FD, errno, "cannot become its root");
	/* The leader's root may be another directory than that of its mount namespace. */
	if (fchdir(ROOT_FD) < 0 || chroot(".") < 0 || chdir("/") < 0)
		visitor_fail(SOCKET_FD, errno, "cannot enter its root directory");
	close(PIDFD_FD);
	close(ROOT_FD);
	r = limit_capabilities(e->capabilities);
	if (r == 0 && e->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r < 0)
		visitor_fail(SOCKET_FD, -r, "cannot give up capabilities");
}

/*
 * All that is to be left behind goes before the machine is entered. From then on strangers see
 * the process, and more so once it is in their pid namespace. Non-dumpable, it can't be traced by
 * them, nor its /proc/PID/fd, exe or mem be opened, unless they have CAP_SYS_PTRACE in the host's
 * user namespace: ptrace(2). It becomes dumpable when it executes a program, with no descriptor but
 * the program's. That this program may be a script for "/proc/self/exe" is why the caller runs from
 * a sealed copy: sealed_copy.h.
 */
static void __attribute__((noreturn))
prepare(const struct entrance *e, int socket, visitor_work *work, void *argument)
{
	struct clone_args clone = { .flags = CLONE_PARENT };
	pid_t pid;
	int r;

	cgroups_join(e->subject, e->leader);
	take_after(e->leader);
	reset_signals();
	wipe_environment();
	r = leave_keyring();
	if (r == 0)
		r = leave_descriptors(e, socket);
	if (r < 0)
		visitor_fail(socket, -r, "cannot leave the host");
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setgroups(0, NULL) < 0)
		visitor_fail(SOCKET_FD, errno, "cannot leave the host");
	setsid();
	umask(022);
	enter(e);
	/* Changing ids may have undone it: fs.suid_dumpable in proc(5). */
	prctl(PR_SET_DUMPABLE, 0);
	/* A pid namespace is entered by children only. This one is the caller's, who waits for it. */
	pid = (pid_t) syscall(SYS_clone3, &clone, sizeof clone);
	if (pid < 0)
		visitor_fail(SOCKET_FD, errno, "cannot make a process there");
	if (pid > 0) {
		send_packet(SOCKET_FD, &(struct packet){ .kind = PACKET_STARTED, .pid = pid }, NULL,
			    0);
		_exit(EXIT_SUCCESS);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	wait_for_go(SOCKET_FD);
	work(SOCKET_FD, argument);
	_exit(EXIT_FAILURE);
}

static int complain_tampering(const char *subject)
{
	complain("%s: what was sent there has been tampered with", subject);
	return -1;
}

/* 0 with a packet of this kind, 1 at the end, or -1 after it has said what is wrong. */
static int expect(int socket, const char *subject, enum packet_kind kind, struct packet *packet,
		  int *fds, size_t count)
{
	char escaped[ESCAPED_SIZE(sizeof packet->what)];
	int r = receive_packet(socket, packet, fds, count);

	if (r == 0)
		return 1;
	if (r == 1 && packet->kind == kind)
		return 0;
	if (r == 1 && packet->kind == PACKET_FAILED) {
		complain("%s: %s%s%s", subject, escape(packet->what, escaped),
			 packet->error ? ": " : "", packet->error ? strerror(packet->error) : "");
		return -1;
	}
	return complain_tampering(subject);
}

static int complain_end(const char *subject)
{
	complain("%s: the process that was to go there was killed", subject);
	return -1;
}

/* Who says so may be somebody else by now, and what is no child isn't to be killed. */
static bool is_child(pid_t pid)
{
	siginfo_t info;

	return pid > 0 && waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int entrance_send(const struct entrance *e, visitor_work *work, void *argument,
		  struct visitor *visitor)
{
	struct packet packet;
	int sockets[2], r;
	pid_t pid;

	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 ||
	    (pid = fork()) < 0) {
		complain("%s: cannot fork: %s", e->subject, strerror(errno));
		return -1;
	}
	if (pid == 0) {
		close(sockets[0]);
		prepare(e, sockets[1], work, argument);
	}
	close(sockets[1]);
	*visitor = (struct visitor){ .pid = -1, .socket = sockets[0] };
	r = expect(sockets[0], e->subject, PACKET_STARTED, &packet, NULL, 0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r == 1)
		r = complain_end(e->subject);
	if (r == 0 && !is_child(packet.pid))
		r = complain_tampering(e->subject);
	if (r < 0) {
		visitor_dismiss(visitor);
		return -1;
	}
	visitor->pid = packet.pid;
	/* If it has ended, that is seen when it is waited for. */
	(void) !send(sockets[0], &(struct packet){ .kind = PACKET_GO }, sizeof packet,
		     MSG_NOSIGNAL);
	return 0;
}

int visitor_take(struct visitor *visitor, const char *subject, int *fds, size_t count)
{
	struct packet packet;
	int r = expect(visitor->socket, subject, PACKET_READY, &packet, fds, count);

	return r == 1 ? complain_end(subject) : r;
}

int visitor_go(struct visitor *visitor, const char *subject)
{
	struct packet packet = { .kind = PACKET_GO };
	int r;

	(void) !send(visitor->socket, &packet, sizeof packet, MSG_NOSIGNAL);
	r = expect(visitor->socket, subject, PACKET_READY, &packet, NULL, 0);
	return r == 1 ? 0 : -1;
}

void visitor_dismiss(struct visitor *visitor)
{
	cleanup_close(&visitor->socket);
	visitor->socket = -1;
	if (visitor->pid <= 0)
		return;
	kill(visitor->pid, SIGKILL);
	while (waitpid(visitor->pid, NULL, 0) < 0 && errno == EINTR)
		;
	visitor->pid = -1;
}
