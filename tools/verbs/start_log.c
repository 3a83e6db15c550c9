/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/start_log.h"

#include "base/blocking.h"
#include "base/child.h"
#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/signals.h"
#include "tools/monitor/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A process that the machine has left behind may have the pipe for ever. */
#define WAIT_MILLISECONDS 5000

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* Begin the file anew. If that isn't possible, what is written until then is lost. */
static void rotate(const char *path, int *file)
{
	char former[PATH_MAX];

	if ((size_t) snprintf(former, sizeof former, "%s.1", path) >= sizeof former)
		return;
	if (rename(path, former) < 0)
		unlink(path);
	if (*file >= 0)
		close(*file);
	*file = open_file(path);
}

/* Write what comes, until nobody has the pipe. On a full disk it is lost: the machine must not wait. */
static void copy_output(int pipe, const char *path, int file)
{
	static char bytes[65536];
	size_t size = 0;
	ssize_t n;

	while ((n = blocking_read(pipe, bytes, sizeof bytes)) > 0) {
		if (size + (size_t) n > START_LOG_SIZE_MAX) {
			rotate(path, &file);
			size = 0;
		}
		size += (size_t) n;
		for (ssize_t done = 0, r; file >= 0 && done < n; done += r) {
			r = blocking_write(file, bytes + done, (size_t) (n - done));
			if (r <= 0)
				break;
		}
	}
}

/* It must outlive the caller, and keep nothing of the caller's. */
static void run_writer(int pipe, const char *path, int file) __attribute__((noreturn));
static void run_writer(int pipe, const char *path, int file)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	signals_reset();
	/* Who ends all processes ends the machine, too, which has something to say until then. */
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		signal(ends[i], SIG_IGN);
	setsid();
	umask(077);
	if (chdir("/") < 0 || nothing < 0)
		_exit(EXIT_FAILURE);
	pipe = fcntl(pipe, F_DUPFD, 10);
	file = fcntl(file, F_DUPFD, 10);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(nothing, fd);
	if (pipe < 0 || file < 0 || dup2(pipe, 3) < 0 || dup2(file, 4) < 0)
		_exit(EXIT_FAILURE);
	descriptors_close_from(5);
	/* As the machine's supervisor does. */
	daemon_leave_cgroups();
	copy_output(3, path, 4);
	_exit(EXIT_SUCCESS);
}

int start_log_begin(struct start_log *log, const char *path, struct failure *f)
{
	CLEANUP_CLOSE int file = open_file(path), from = -1;
	int ends[2];

	*log = START_LOG_NONE;
	if (file < 0)
		return failure_errno(f, file, "cannot write the log %s", path);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(f, -errno, "cannot make a pipe");
	from = ends[0];
	log->output = ends[1];
	log->writer = fork();
	if (log->writer == 0)
		run_writer(from, path, file);
	if (log->writer > 0)
		return 0;
	log->writer = 0;
	start_log_close(log);
	return failure_errno(f, -EAGAIN, "cannot start a process");
}

void start_log_close(struct start_log *log)
{
	if (log->output >= 0)
		close(log->output);
	log->output = -1;
}

void start_log_wait(struct start_log *log)
{
	start_log_close(log);
	if (log->writer > 0)
		(void) !child_wait_for(log->writer, WAIT_MILLISECONDS, NULL);
	log->writer = 0;
}
