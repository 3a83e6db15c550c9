/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/supervisor.h"

#include "base/array_size.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "base/quote.h"
#include "base/signals.h"
#include "tools/monitor/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * The signals that a parent passes on to the command. Not SIGTSTP and its like,
 * which are sent to a whole job, the command included.
 */
static void fill_forwarded(sigset_t *set)
{
	static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,  SIGUSR1,
					 SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGPWR };

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(set, forwarded[i]);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(set, number);
}

void supervisor_init(struct supervisor *s)
{
	sigset_t set, blocked;

	*s = (struct supervisor){ .command_pidfd = -1 };
	fill_forwarded(&set);
	sigaddset(&set, SIGCHLD);
	/* If the reader of our messages has gone, we go on. */
	blocked = set;
	sigaddset(&blocked, SIGPIPE);
	/* As main() sets them for other verbs. */
	s->inherited_umask = umask(022);
	s->inherited_xfsz = signal(SIGXFSZ, SIG_IGN);
	s->inherited_child = signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &blocked, &s->inherited_mask);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		s->signals = -errno;
}

/* Become the command. Returns only if that fails, with a negative errno. */
static int execute(const struct supervisor *s, char **command, const char *notify_socket)
{
	/* Discard the signals of a message and of a child that aren't the command's. */
	void (*inherited_pipe)(int) = signal(SIGPIPE, SIG_IGN);
	int error;

	signal(SIGPIPE, inherited_pipe);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGCHLD, s->inherited_child);
	signal(SIGXFSZ, s->inherited_xfsz);
	umask(s->inherited_umask);
	if (notify_socket && setenv("NOTIFY_SOCKET", notify_socket, 1) < 0)
		return -errno;
	sigprocmask(SIG_SETMASK, &s->inherited_mask, NULL);
	execvp(command[0], command);
	error = -errno;
	return error;
}

/* execve(2) closes every descriptor of ours, so one that it doesn't close was inherited. */
static void close_inherited(void)
{
	DIR *open_ones = opendir("/proc/self/fd");
	struct dirent *entry;
	uint32_t fd;

	while (open_ones && (entry = readdir(open_ones)))
		if (id_parse(entry->d_name, &fd) == 0 && fd > STDERR_FILENO &&
		    fcntl((int) fd, F_GETFD) == 0)
			close((int) fd);
	if (open_ones)
		closedir(open_ones);
}

/* Close what the command shares with us, except standard error. Our own programs have all three. */
static void release_descriptors(void)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	fcntl(STDERR_FILENO, F_SETFD, 0);
	close_inherited();
}

/*
 * Wait until the other end of the pipe is closed by execve(2), or has told why it
 * failed. 0, or a negative errno.
 */
static int read_exec_error(int pipe)
{
	int error = 0;
	ssize_t n;

	do
		n = read(pipe, &error, sizeof error);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t) sizeof error ? error : 0;
}

static int exec_failure(struct failure *f, const char *command, int error)
{
	char quoted[QUOTED_SIZE];

	failure_errno(f, error, "cannot run '%s'", quote(command, quoted));
	f->kind = error == -ENOENT ? FAILURE_NO_PROGRAM : FAILURE_NOT_EXECUTABLE;
	return -1;
}

int supervisor_exec_alone(const struct supervisor *s, char **command, struct failure *f)
{
	return exec_failure(f, command[0], execute(s, command, NULL));
}

static int check_signals(const struct supervisor *s, struct failure *f)
{
	return s->signals < 0 ? failure_errno(f, s->signals, "cannot wait for signals") : 0;
}

int supervisor_start(struct supervisor *s, char **command, struct failure *f)
{
	CLEANUP_CLOSE int from_child = -1;
	int ends[2], error;

	if (check_signals(s, f) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0 || (s->command = fork()) < 0)
		return failure_errno(f, -errno, "cannot fork");
	if (s->command == 0) {
		error = execute(s, command, NULL);
		(void) !write(ends[1], &error, sizeof error);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	from_child = ends[0];
	error = read_exec_error(from_child);
	if (error) {
		child_wait(s->command, NULL);
		return exec_failure(f, command[0], error);
	}
	release_descriptors();
	return 0;
}

/* Whether the variable names this process. */
static bool is_own_pid(const char *variable)
{
	const char *value = getenv(variable);
	uint32_t pid;

	return value && id_parse(value, &pid) == 0 && (pid_t) pid == getpid();
}

bool supervisor_is_service(void)
{
	/* systemd before version 248 sets no SYSTEMD_EXEC_PID. */
	return is_own_pid("SYSTEMD_EXEC_PID") || is_own_pid("WATCHDOG_PID") ||
	       is_own_pid("LISTEN_PID") || (getenv("INVOCATION_ID") && getppid() == 1);
}

/*
 * In a child: go on in a grandchild, which the command, as the parent of neither,
 * never waits for. The child's exit status tells whether there is one.
 */
static void detach(void)
{
	pid_t pid = fork();

	if (pid != 0)
		_exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	setsid();
}

/* Become the supervisor beside the command, once the parent has become that. */
static void stand_beside(int pipe)
{
	detach();
	if (chdir("/") < 0 || read_exec_error(pipe) != 0)
		_exit(EXIT_FAILURE);
	release_descriptors();
	daemon_leave_cgroups();
}

int supervisor_exec(struct supervisor *s, char **command, const char *notify_socket,
		    struct failure *f)
{
	int ends[2], error, status;
	pid_t child;

	if (check_signals(s, f) < 0)
		return -1;
	s->command = getpid();
	s->command_pidfd = pidfd_of(s->command);
	if (s->command_pidfd < 0)
		return failure_errno(f, s->command_pidfd, "cannot watch the command");
	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return failure_errno(f, -errno, "cannot fork");
	if (child == 0) {
		close(ends[1]);
		stand_beside(ends[0]);
		close(ends[0]);
		return 0;
	}
	close(ends[0]);
	error = child_wait(child, &status);
	if (error == 0 && status != 0)
		error = -EAGAIN;
	if (error < 0) {
		close(ends[1]);
		return failure_errno(f, error, "cannot fork");
	}
	error = execute(s, command, notify_socket);
	(void) !write(ends[1], &error, sizeof error);
	close(ends[1]);
	return exec_failure(f, command[0], error);
}

static enum worker_result read_result(int status)
{
	if (!WIFEXITED(status))
		return WORKER_KILLED;
	return WEXITSTATUS(status) <= WORKER_FAILED ? (enum worker_result) WEXITSTATUS(status)
						    : WORKER_FAILED;
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	/* There may be others, which the command has left to us: PR_SET_CHILD_SUBREAPER. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->command) {
			s->command_has_ended = true;
			s->command_status = status;
		} else if (pid == s->worker) {
			s->worker = 0;
			s->worker_result = read_result(status);
		}
	}
}

static bool is_beside(const struct supervisor *s)
{
	return s->command_pidfd >= 0;
}

static void take_signal(struct supervisor *s, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD)
		reap(s);
	else if (info->ssi_code != SI_KERNEL && !s->command_has_ended && !is_beside(s))
		/* The pid is the command's for as long as nobody has waited for it. */
		kill(s->command, (int) info->ssi_signo);
}

void supervisor_wait(struct supervisor *s, int fd, int leader, int milliseconds)
{
	struct pollfd pollers[] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
		{ .fd = s->command_has_ended ? -1 : s->command_pidfd, .events = POLLIN },
		{ .fd = leader, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	if (poll(pollers, ARRAY_SIZE(pollers), milliseconds) <= 0)
		return;
	if (pollers[2].revents)
		s->command_has_ended = true;
	while (read(s->signals, &info, sizeof info) == (ssize_t) sizeof info)
		take_signal(s, &info);
}

int supervisor_fork_worker(struct supervisor *s, struct failure *f)
{
	s->worker = fork();
	if (s->worker > 0)
		return 0;
	if (s->worker == 0)
		return 1;
	s->worker = 0;
	s->worker_result = WORKER_MAY_RETRY;
	return failure_errno(f, -errno, "cannot fork");
}

void supervisor_leave_worker(enum worker_result result)
{
	fflush(NULL);
	_exit((int) result);
}

int supervisor_end(const struct supervisor *s)
{
	if (!WIFSIGNALED(s->command_status))
		return WEXITSTATUS(s->command_status);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return signal_raise_default(WTERMSIG(s->command_status));
}

void supervisor_done(struct supervisor *s)
{
	if (s->signals < 0)
		return;
	cleanup_close(&s->signals);
	cleanup_close(&s->command_pidfd);
	s->signals = s->command_pidfd = -1;
}
