/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/sockets/socket_holder.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/signals.h"
#include "host/held_socket.h"
#include "tools/sockets/socket_row.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* There is one process that holds sockets: one that ends takes them away first. */
#define LOCK_PATH	  HELD_SOCKETS_PATH ".lock"
#define LOCK_MILLISECONDS 100

/* One that was killed is started again at once, but not more often than this. */
#define RESTART_MILLISECONDS 1000

#define CONTROL_FD 3
#define ROWS_MAX   8

/* The events to wait for besides the rows' descriptors. */
enum event { EVENT_CONTROL, EVENT_SIGNAL, EVENT_DIRECTORIES, EVENTS };

struct holding {
	int lock; /* -1: another process may still hold the sockets */
	int signals, inotify;
	bool *is_wanted; /* there are machines. The next process knows it, too, if this one is killed */
	bool is_over;
	struct socket_row rows[ROWS_MAX];
	struct held_socket listed[ROWS_MAX]; /* as the file has them */
	size_t n_listed;
};

static int64_t now_milliseconds(void)
{
	return clock_milliseconds(CLOCK_MONOTONIC);
}

/* Lines that the monitor has no room for are lost. */
static void send_line(void *data, const char *text)
{
	(void) data;
	(void) !send(CONTROL_FD, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void socket_holder_clean_up(void)
{
	for (size_t i = 0; i < n_service_sockets; i++)
		if (held_socket_is_ours(service_sockets[i].path)) {
			service_socket_unlink(&service_sockets[i]);
			unlink(service_sockets[i].path);
		}
	unlink(HELD_SOCKETS_PATH);
}

/* Remove the files of a killed holder before any socket is held. */
static bool take_lock(struct holding *h)
{
	if (h->lock >= 0)
		return true;
	h->lock = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (h->lock >= 0 && flock(h->lock, LOCK_EX | LOCK_NB) == 0) {
		socket_holder_clean_up();
		return true;
	}
	cleanup_close(&h->lock);
	h->lock = -1;
	return false;
}

static void watch_directory(const struct holding *h, const char *path)
{
	char directory[PATH_MAX];

	strcpy(directory, path);
	*strrchr(directory, '/') = '\0';
	inotify_add_watch(h->inotify, directory,
			  IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR);
}

/* Have the list tell which sockets are held, also if somebody has removed it. */
static void update_list(struct holding *h)
{
	struct held_socket held[ROWS_MAX];
	size_t count = 0;
	int r;

	for (size_t i = 0; i < n_service_sockets; i++)
		if (h->rows[i].listener >= 0)
			held[count++] = (struct held_socket){ service_sockets[i].path,
							      h->rows[i].identity };
	if (count == h->n_listed && memcmp(held, h->listed, count * sizeof *held) == 0 &&
	    (access(HELD_SOCKETS_PATH, F_OK) == 0 || !count))
		return;
	r = held_sockets_write(held, count);
	if (r < 0)
		return;
	memcpy(h->listed, held, count * sizeof *held);
	h->n_listed = count;
}

static void hold_row(struct holding *h, struct socket_row *row)
{
	socket_row_hold(row, now_milliseconds());
	watch_directory(h, row->socket->path);
	/* Whoever looks whether somebody else listens there reads the list first. */
	update_list(h);
	socket_row_listen(row);
}

static void hold_all(struct holding *h)
{
	if (!*h->is_wanted || !take_lock(h))
		return;
	for (size_t i = 0; i < n_service_sockets; i++)
		hold_row(h, &h->rows[i]);
}

static void release_all(struct holding *h)
{
	/* All names first, as a service may take its time. */
	for (size_t i = 0; i < n_service_sockets; i++)
		socket_row_remove(&h->rows[i]);
	for (size_t i = 0; i < n_service_sockets; i++)
		socket_row_ask_to_end(&h->rows[i]);
	for (size_t i = 0; i < n_service_sockets; i++)
		socket_row_release(&h->rows[i]);
	if (h->lock >= 0)
		unlink(HELD_SOCKETS_PATH);
	h->n_listed = 0;
}

static void take_control(struct holding *h)
{
	char byte;
	ssize_t n = recv(CONTROL_FD, &byte, 1, MSG_DONTWAIT);

	/* The monitor has ended. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		h->is_over = true;
	if (n != 1)
		return;
	*h->is_wanted = byte == SOCKET_HOLDER_HOLD;
	if (*h->is_wanted)
		hold_all(h);
	else
		release_all(h);
}

static void take_directories(struct holding *h)
{
	char events[4096];

	while (read(h->inotify, events, sizeof events) > 0)
		continue;
	hold_all(h);
}

static int timeout_until(int64_t due, int64_t now)
{
	if (!due)
		return -1;
	return due <= now ? 0 : (int) (due - now);
}

static void step(struct holding *h)
{
	struct pollfd events[EVENTS + ROWS_MAX * ROW_EVENTS] = {
		[EVENT_CONTROL] = { .fd = CONTROL_FD, .events = POLLIN },
		[EVENT_SIGNAL] = { .fd = h->signals, .events = POLLIN },
		[EVENT_DIRECTORIES] = { .fd = h->inotify, .events = POLLIN },
	};
	int64_t now = now_milliseconds(), due = 0;
	bool waits_for_lock = *h->is_wanted && h->lock < 0;

	for (size_t i = 0; i < n_service_sockets; i++)
		socket_row_prepare(&h->rows[i], &events[EVENTS + i * ROW_EVENTS], now, &due);
	if (waits_for_lock)
		due = now + LOCK_MILLISECONDS;
	if (poll(events, EVENTS + n_service_sockets * ROW_EVENTS, timeout_until(due, now)) < 0)
		return;
	for (size_t i = 0; i < n_service_sockets; i++)
		if (socket_row_take_events(&h->rows[i], &events[EVENTS + i * ROW_EVENTS],
					   now_milliseconds()) &&
		    *h->is_wanted)
			hold_row(h, &h->rows[i]);
	if (events[EVENT_DIRECTORIES].revents)
		take_directories(h);
	if (waits_for_lock)
		hold_all(h);
	if (events[EVENT_CONTROL].revents)
		take_control(h);
	if (events[EVENT_SIGNAL].revents)
		h->is_over = true;
}

/* Signals that are for the monitor don't end this process before it has taken its sockets away. */
static int open_signals(void)
{
	sigset_t signals;

	signals_reset();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void leave_output(void)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null >= 0)
			dup2(null, fd);
}

static int hold_sockets(bool *is_wanted)
{
	struct holding h = { .lock = -1, .is_wanted = is_wanted };

	prctl(PR_SET_NAME, "mymachines-sock");
	h.signals = open_signals();
	h.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (h.signals < 0 || h.inotify < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < n_service_sockets; i++)
		socket_row_init(&h.rows[i], &service_sockets[i], send_line, NULL);
	take_lock(&h);
	hold_all(&h);
	while (!h.is_over)
		step(&h);
	release_all(&h);
	return EXIT_SUCCESS;
}

/* It ends with its child, which is told to end. */
static void ignore_ends(void)
{
	signals_reset();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
}

/*
 * Have a child hold them, and another one if that is killed: the monitor couldn't start it, which
 * has given up its privileges.
 */
static int keep_holding(bool *is_wanted)
{
	for (;;) {
		int64_t begin = now_milliseconds();
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(hold_sockets(is_wanted));
		if (pid < 0 || child_wait(pid, &status) < 0)
			return EXIT_FAILURE;
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		send_line(NULL, "the process that holds sockets was killed; starting it again");
		if (now_milliseconds() - begin < RESTART_MILLISECONDS)
			nanosleep(&(struct timespec){ .tv_sec = RESTART_MILLISECONDS / 1000 },
				  NULL);
	}
}

static int run(int control, bool background)
{
	bool *is_wanted = mmap(NULL, sizeof *is_wanted, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	prctl(PR_SET_NAME, "mymachines-keep");
	ignore_ends();
	if (background)
		leave_output();
	if (is_wanted == MAP_FAILED ||
	    (control != CONTROL_FD && dup3(control, CONTROL_FD, O_CLOEXEC) < 0) ||
	    descriptors_close_from(CONTROL_FD + 1) < 0)
		return EXIT_FAILURE;
	return keep_holding(is_wanted);
}

int socket_holder_start(struct socket_holder *holder, bool background, struct failure *f)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return failure_errno(f, -errno, "cannot start the process that holds sockets");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(run(ends[1], background));
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return failure_errno(f, -errno, "cannot start the process that holds sockets");
	}
	*holder = (struct socket_holder){ pid, ends[0] };
	return 0;
}
