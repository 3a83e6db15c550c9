/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/worker.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/memory_limit.h"
#include "base/signals.h"
#include "tools/import/stop.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PERIOD_MS 100

/*
 * For libarchive, whose tables grow with what an archive says, and for ours. xz(1) needs most: libarchive
 * gives it 1 GiB.
 */
#define MEMORY_MAX (UINT64_C(2) << 30)

enum report_kind { REPORT_PROGRESS, REPORT_WARNING, REPORT_FAILURE, REPORT_DONE };

/* One packet on the channel. */
struct worker_report {
	enum report_kind kind;
	struct progress_count count;
	struct failure failure; /* for a warning, only its text */
};

/* A packet ends with the text's NUL. */
static void send_report(struct worker_channel *channel, struct worker_report *report)
{
	size_t size =
		offsetof(struct worker_report, failure.text) + strlen(report->failure.text) + 1;

	report->count = channel->count;
	while (send(channel->fd, report, size, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void worker_report_progress(struct worker_channel *channel)
{
	int64_t now = clock_milliseconds(CLOCK_MONOTONIC);
	struct worker_report report = { .kind = REPORT_PROGRESS };

	if (now < channel->next_ms)
		return;
	channel->next_ms = now + PERIOD_MS;
	send_report(channel, &report);
}

void worker_warn(struct worker_channel *channel, const char *format, ...)
{
	struct worker_report report = { .kind = REPORT_WARNING };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report.failure.text, sizeof report.failure.text, format, arguments);
	va_end(arguments);
	send_report(channel, &report);
}

/* Open an empty directory that is already removed, so that nothing can be made in it. */
static int open_empty_directory(void)
{
	char path[] = "/run/mymachines-empty-XXXXXX";
	int fd;

	if (!mkdtemp(path))
		return -errno;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	rmdir(path);
	return fd;
}

static int enter_root(int root)
{
	CLEANUP_CLOSE int empty = -1;

	if (root == WORKER_HOST_ROOT)
		return 0;
	if (root == WORKER_EMPTY_ROOT) {
		root = empty = open_empty_directory();
		if (empty < 0)
			return empty;
	}
	return fchdir(root) < 0 || chroot(".") < 0 ? -errno : 0;
}

static int drop_capabilities(enum worker_powers powers)
{
	const capng_type_t types =
		(capng_type_t) (CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET);

	capng_clear(CAPNG_SELECT_BOTH);
	if (powers == WORKER_CREATES)
		capng_updatev(CAPNG_ADD, types, CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
			      CAP_MKNOD, CAP_SETFCAP, -1);
	if (powers == WORKER_READS)
		capng_updatev(CAPNG_ADD, types, CAP_DAC_READ_SEARCH, -1);
	return capng_apply(CAPNG_SELECT_BOTH);
}

static int confine(const struct worker *worker, struct failure *f)
{
	int r;

	if (unshare(CLONE_NEWNET | CLONE_NEWIPC) < 0)
		return failure_errno(f, -errno, "cannot make a network namespace");
	r = enter_root(worker->root);
	if (r < 0)
		return failure_errno(f, r, "cannot change the root directory");
	if (drop_capabilities(worker->powers) != 0)
		return failure_set(f, FAILURE_NOT_PERMITTED, "cannot give up capabilities");
	memory_limit(MEMORY_MAX);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failure_errno(f, -errno, "cannot give up new privileges");
	return 0;
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

/* Keep standard error, for messages of a sanitizer or a program. */
static int close_others(const struct worker *worker, int channel)
{
	int kept[WORKER_FDS_MAX + 1], first = STDERR_FILENO + 1;
	size_t count = 0;

	for (; count < WORKER_FDS_MAX && worker->fds[count]; count++)
		kept[count] = worker->fds[count];
	kept[count++] = channel;
	qsort(kept, count, sizeof *kept, compare_fds);
	for (size_t i = 0; i < count; i++) {
		if (kept[i] > first && syscall(SYS_close_range, (unsigned int) first,
					       (unsigned int) kept[i] - 1, 0) < 0)
			return -errno;
		if (kept[i] >= first)
			first = kept[i] + 1;
	}
	return descriptors_close_from(first);
}

static int prepare_child(const struct worker *worker, int channel, pid_t parent, struct failure *f)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r = 0;

	signals_reset();
	/* A pipe that nobody reads is an error to report. */
	if (!worker->program)
		signal(SIGPIPE, SIG_IGN);
	if (!setlocale(LC_CTYPE, worker->locale ?: "C"))
		return failure_set(f, FAILURE_NOT_SUPPORTED, "the C library lacks the locale %s",
				   worker->locale);
	/* Files to read or write are passed as descriptors. */
	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++) {
		bool is_kept = false;

		for (size_t i = 0; i < WORKER_FDS_MAX && worker->fds[i]; i++)
			is_kept |= worker->fds[i] == fd;
		if (!is_kept && dup2(null, fd) < 0)
			r = -errno;
	}
	if (r == 0 && confine(worker, f) < 0)
		return -1;
	if (r == 0)
		r = close_others(worker, channel);
	null = -1;
	/* A program keeps it open until it ends, and we wait for that. */
	if (r == 0 && worker->program && fcntl(channel, F_SETFD, 0) < 0)
		r = -errno;
	if (r < 0)
		return failure_errno(f, r, "cannot prepare a process");
	umask(0);
	if (!child_ends_with(parent))
		return failure_set(f, FAILURE_OTHER, "the parent process has ended");
	return 0;
}

static void run_child(const struct worker *worker, int fd, pid_t parent) __attribute__((noreturn));
static void run_child(const struct worker *worker, int fd, pid_t parent)
{
	struct worker_channel channel = { .fd = fd };
	struct worker_report report = { .kind = REPORT_DONE };

	if (prepare_child(worker, fd, parent, &report.failure) < 0 ||
	    worker->work(&channel, worker->data, &report.failure) < 0)
		report.kind = REPORT_FAILURE;
	send_report(&channel, &report);
	_exit(report.kind == REPORT_DONE ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The child's reports so far. */
struct hearing {
	int fd;
	struct progress *progress;
	struct progress_count *count;
	struct notices *notices;
	bool has_ended; /* the child has reported its end, or closed the channel */
	bool is_done;
};

/* The child has read untrusted data, and may be under its author's control. */
static void make_printable(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text; text++)
		if ((unsigned char) *text < ' ' || *text == 0x7f)
			*text = '?';
}

/* Returns -1 with a failure that the child has reported. */
static int hear_report(struct hearing *hearing, struct failure *f)
{
	struct worker_report report = { .kind = REPORT_DONE };
	ssize_t n = recv(hearing->fd, &report, sizeof report, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < (ssize_t) offsetof(struct worker_report, failure.text)) {
		hearing->has_ended = true;
		return 0;
	}
	make_printable(report.failure.text, sizeof report.failure.text);
	*hearing->count = report.count;
	switch (report.kind) {
	case REPORT_PROGRESS: break;
	case REPORT_WARNING:
		notices_add(hearing->notices, NOTICE_WARNING, "%s", report.failure.text);
		break;
	case REPORT_DONE: hearing->is_done = hearing->has_ended = true; break;
	case REPORT_FAILURE:
	default:
		hearing->has_ended = true;
		return failure_set(f,
				   report.failure.kind > FAILURE_NONE &&
						   report.failure.kind <= FAILURE_KIND_LAST
					   ? report.failure.kind
					   : FAILURE_OTHER,
				   "%s", report.failure.text);
	}
	return 0;
}

static int stopped_failure(struct failure *f)
{
	return failure_set(f, FAILURE_OTHER, "stopped by signal %d (%s)", stop_signal(),
			   strsignal(stop_signal()));
}

/* Receive the child's reports until it has ended or we must stop. */
static int hear_child(struct hearing *hearing, struct failure *f)
{
	struct pollfd pollers[] = {
		{ .fd = hearing->fd, .events = POLLIN },
		{ .fd = stop_descriptor(), .events = POLLIN },
	};

	while (!hearing->has_ended) {
		if (stop_signal())
			return stopped_failure(f);
		if (poll(pollers, 2, -1) < 0 && errno != EINTR)
			return failure_errno(f, -errno, "cannot wait for a process");
		if (pollers[0].revents && hear_report(hearing, f) < 0)
			return -1;
		progress_update(hearing->progress, hearing->count);
	}
	return 0;
}

static int judge_end(const struct worker *worker, const struct hearing *hearing, int status,
		     struct failure *f)
{
	if (hearing->is_done || (worker->program && WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return 0;
	if (WIFSIGNALED(status))
		return failure_set(f, FAILURE_OTHER, "%s was ended by signal %d (%s)",
				   worker->program ?: "the process that did the work",
				   WTERMSIG(status), strsignal(WTERMSIG(status)));
	return failure_set(f, FAILURE_OTHER, "%s failed with exit status %d",
			   worker->program ?: "the process that did the work", WEXITSTATUS(status));
}

int worker_run(const struct worker *worker, struct progress *progress, struct progress_count *count,
	       struct notices *notices, struct failure *f)
{
	int pair[2], status = 0, r;
	struct hearing hearing = { .progress = progress, .count = count, .notices = notices };
	pid_t parent = getpid(), child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return failure_errno(f, -errno, "cannot make a pair of sockets");
	child = fork();
	if (child == 0)
		run_child(worker, pair[1], parent);
	r = child < 0 ? -errno : 0;
	close(pair[1]);
	hearing.fd = pair[0];
	if (r < 0) {
		close(pair[0]);
		return failure_errno(f, r, "cannot start a process");
	}
	r = hear_child(&hearing, f);
	close(pair[0]);
	if (r < 0)
		child_kill(child);
	else
		r = child_wait(child, &status) < 0
			    ? failure_set(f, FAILURE_OTHER, "cannot wait for a process")
			    : judge_end(worker, &hearing, status, f);
	progress_clear(progress);
	return r;
}
