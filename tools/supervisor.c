/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/supervisor.h"

#include "registry/cleanup.h"
#include "registry/name.h"
#include "tools/message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* As env(1), and shells. */
#define STATUS_CANNOT_EXECUTE 126
#define STATUS_NOT_FOUND      127
#define STATUS_OF_SIGNAL      128

/*
 * What is meant for the command. Not SIGTSTP and its like: who stops the job
 * stops us, too.
 */
static void fill_forwarded(sigset_t *set)
{
	static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,  SIGUSR1,
					 SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGPWR };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		sigaddset(set, forwarded[i]);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(set, number);
}

int supervisor_init(struct supervisor *s)
{
	sigset_t set, blocked;

	fill_forwarded(&set);
	sigaddset(&set, SIGCHLD);
	/* A reader of our messages who has gone is no reason to. */
	blocked = set;
	sigaddset(&blocked, SIGPIPE);
	/* As in main() for other verbs. */
	s->inherited_umask = umask(022);
	s->inherited_xfsz = signal(SIGXFSZ, SIG_IGN);
	sigprocmask(SIG_BLOCK, &blocked, &s->inherited_mask);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		complain("cannot wait for signals: %s", strerror(errno));
	return s->signals < 0 ? -1 : 0;
}

/* In the child. What doesn't come back is the command. */
static void execute(const struct supervisor *s, char **command, const char *notify_socket)
{
	signal(SIGXFSZ, s->inherited_xfsz);
	umask(s->inherited_umask);
	if (notify_socket && setenv("NOTIFY_SOCKET", notify_socket, 1) < 0)
		return;
	sigprocmask(SIG_SETMASK, &s->inherited_mask, NULL);
	execvp(command[0], command);
}

/* Whatever is ours is closed by execve(2), so what isn't was there before us. */
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

static void let_go(void)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	close_inherited();
}

/* What execve(2) has failed with, which comes through the pipe, or 0. */
static int read_failure(int pipe)
{
	int error = 0;
	ssize_t n;

	do
		n = read(pipe, &error, sizeof error);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t) sizeof error ? error : 0;
}

static int complain_start(const char *subject, const char *command, int error)
{
	char quoted[QUOTED_SIZE];

	complain("%s: cannot run '%s': %s", subject, quote(command, quoted), strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
}

int supervisor_start(struct supervisor *s, const char *subject, char **command,
		     const char *notify_socket)
{
	CLEANUP_CLOSE int from_child = -1;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0 || (s->command = fork()) < 0) {
		complain("%s: cannot fork: %s", subject, strerror(errno));
		return EXIT_FAILURE;
	}
	if (s->command == 0) {
		execute(s, command, notify_socket);
		error = errno;
		(void) !write(ends[1], &error, sizeof error);
		_exit(STATUS_CANNOT_EXECUTE);
	}
	close(ends[1]);
	from_child = ends[0];
	error = read_failure(from_child);
	if (error) {
		waitpid(s->command, NULL, 0);
		return complain_start(subject, command[0], error);
	}
	let_go();
	return 0;
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	/* Others are what the command has left to us: PR_SET_CHILD_SUBREAPER. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->command) {
			s->command_has_ended = true;
			s->command_status = status;
		} else if (pid == s->worker) {
			s->worker = 0;
			s->worker_status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
		}
	}
}

static void take_signal(struct supervisor *s, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD)
		reap(s);
	else if (info->ssi_code != SI_KERNEL && !s->command_has_ended)
		/* The pid is its own for as long as nobody has waited for it. */
		kill(s->command, (int) info->ssi_signo);
}

void supervisor_wait(struct supervisor *s, int fd, int milliseconds)
{
	struct pollfd pollers[] = { { .fd = s->signals, .events = POLLIN },
				    { .fd = fd, .events = POLLIN } };
	struct signalfd_siginfo info;

	if (poll(pollers, 2, milliseconds) <= 0)
		return;
	while (read(s->signals, &info, sizeof info) == (ssize_t) sizeof info)
		take_signal(s, &info);
}

bool supervisor_fork_worker(struct supervisor *s, const char *subject)
{
	s->worker_status = EXIT_FAILURE;
	s->worker = fork();
	if (s->worker < 0) {
		complain("%s: cannot fork: %s", subject, strerror(errno));
		s->worker = 0;
		return false;
	}
	return s->worker == 0;
}

void supervisor_leave_worker(int status)
{
	fflush(NULL);
	_exit(status);
}

int supervisor_end(const struct supervisor *s)
{
	int number = WIFSIGNALED(s->command_status) ? WTERMSIG(s->command_status) : 0;
	sigset_t set;

	if (number == 0)
		return WEXITSTATUS(s->command_status);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return STATUS_OF_SIGNAL + number;
}

void supervisor_done(struct supervisor *s)
{
	cleanup_close(&s->signals);
	s->signals = -1;
}
