/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/sockets/socket_row.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/*
 * Between bind(2) and listen(2) a socket refuses connections, too: only one that
 * goes on for so long has nobody behind it.
 */
#define STALE_MILLISECONDS 300

/*
 * Others remove what is at the path before they bind their own socket. A socket of
 * ours in between would make that fail.
 */
#define TAKEN_MILLISECONDS 500

/* Where something keeps the socket from being held, it is tried again after this time. */
#define RETRY_MILLISECONDS 1000

/* A server that has lived for less than this has failed, and after so many failures rests. */
#define FAILED_MILLISECONDS 1000
#define FAILURES_MAX	    5
#define REST_MILLISECONDS   10000

/* While connections come, the server is asked so often whether it answers. */
#define PING_MILLISECONDS 500
/* If it doesn't for this long and is stopped, it is replaced; if it only is slow, after the other. */
#define STOPPED_MILLISECONDS 1000
#define SILENT_MILLISECONDS  10000

/* How long a server that is to end is waited for, before it is left to what it does. */
#define END_MILLISECONDS 3000

#define BACKLOG 4096

void socket_row_init(struct socket_row *row, const struct service_socket *socket,
		     void (*report)(void *data, const char *text), void *data)
{
	*row = (struct socket_row){ .socket = socket,
				    .report = report,
				    .data = data,
				    .listener = -1,
				    .foreign = -1,
				    .server_fd = -1,
				    .ping = -1 };
}

static void report(const struct socket_row *row, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void report(const struct socket_row *row, const char *format, ...)
{
	char text[512];
	va_list arguments;
	size_t length = (size_t) snprintf(text, sizeof text, "%s: ", row->socket->path);

	va_start(arguments, format);
	vsnprintf(text + length, sizeof text - length, format, arguments);
	va_end(arguments);
	row->report(row->data, text);
}

static void drop(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

static struct sockaddr_un address_of(const struct socket_row *row)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path, "%s", row->socket->path);
	return address;
}

static int make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* Returns a connection to whoever listens there, or a negative errno: -EAGAIN if he is busy. */
static int connect_to(const struct socket_row *row)
{
	struct sockaddr_un address = address_of(row);
	int fd = make_socket();

	if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof address) == 0)
		return fd;
	close(fd);
	return -errno;
}

/* The server. */

static _Noreturn void become_server(const struct socket_row *row, pid_t holder)
{
	char pid[16];

	signals_reset();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	/*
	 * A program that answers look-ups must not make any: with this variable systemd's module
	 * leaves this service out.
	 */
	setenv("SYSTEMD_BYPASS_USERDB", "io.systemd.Machine", 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == holder && dup2(row->listener, 3) == 3 && descriptors_close_from(4) == 0)
		execl(row->program, row->program, (char *) NULL);
	_exit(127);
}

static void start_server(struct socket_row *row, int64_t now)
{
	pid_t holder = getpid(), pid = fork();

	row->started = row->pinged = now;
	row->start_due = now + RETRY_MILLISECONDS;
	if (pid < 0) {
		report(row, "cannot start %s: %s", row->socket->program, strerror(errno));
		return;
	}
	if (pid == 0)
		become_server(row, holder);
	row->server = pid;
	row->server_fd = pidfd_of(pid);
	if (row->server_fd < 0) {
		child_kill(pid);
		row->server = 0;
	}
}

static void forget_server(struct socket_row *row)
{
	drop(&row->server_fd);
	drop(&row->ping);
	row->server = 0;
}

/* Whether a signal or a debugger has stopped it: it can't answer, however long one waits. */
static bool is_stopped(pid_t pid)
{
	CLEANUP_FREE char *stat = proc_read_text((uint32_t) pid, "stat");
	const char *name_end = stat ? strrchr(stat, ')') : NULL;

	return name_end && (name_end[2] == 'T' || name_end[2] == 't');
}

void socket_row_ask_to_end(const struct socket_row *row)
{
	if (row->server)
		pidfd_signal(row->server_fd, SIGTERM);
}

static void reap_left(struct socket_row *row)
{
	for (size_t i = 0; i < SOCKET_ROW_LEFT_MAX; i++)
		if (row->left[i] && child_wait_for(row->left[i], 0, NULL) != -ETIMEDOUT)
			row->left[i] = 0;
}

/* Whether there is room to leave it to what it does for clients, for as long as a copy takes. */
static bool leave_server(struct socket_row *row)
{
	for (size_t i = 0; i < SOCKET_ROW_LEFT_MAX; i++)
		if (!row->left[i]) {
			row->left[i] = row->server;
			return true;
		}
	return false;
}

static void end_server(struct socket_row *row)
{
	if (!row->server)
		return;
	reap_left(row);
	socket_row_ask_to_end(row);
	if (is_stopped(row->server) ||
	    (child_wait_for(row->server, END_MILLISECONDS, NULL) == -ETIMEDOUT &&
	     !leave_server(row)))
		child_end(row->server, 0);
	forget_server(row);
}

/* The server has ended by itself. Start it again soon, but not for ever. */
static void take_end_of_server(struct socket_row *row, int64_t now)
{
	int status = 0;

	child_wait(row->server, &status);
	forget_server(row);
	row->failures = now - row->started < FAILED_MILLISECONDS ? row->failures + 1 : 0;
	row->start_due = row->failures ? now + (50 << row->failures) : now;
	if (WIFSIGNALED(status))
		report(row, "%s was ended by signal %d", row->socket->program, WTERMSIG(status));
	else if (status)
		report(row, "%s failed with exit status %d", row->socket->program,
		       WEXITSTATUS(status));
	if (row->failures < FAILURES_MAX)
		return;
	/* Nobody answers: clients are better off without the socket. */
	report(row, "%s can't be started; trying again in %d seconds", row->socket->program,
	       REST_MILLISECONDS / 1000);
	socket_row_release(row);
	row->failures = 0;
	row->due = now + REST_MILLISECONDS;
}

static void begin_ping(struct socket_row *row, int64_t now)
{
	static const char call[] = "{\"method\":\"org.varlink.service.GetInfo\"}";

	row->pinged = now;
	row->ping = connect_to(row);
	if (row->ping >= 0)
		(void) !send(row->ping, call, sizeof call, MSG_NOSIGNAL);
	/* A full queue is not an answer either, and time tells. This is never ready. */
	if (row->ping == -EAGAIN)
		row->ping = pidfd_of(getpid());
	if (row->ping < 0)
		row->ping = -1;
}

/* It hasn't answered yet. */
static void judge_silence(struct socket_row *row, int64_t now)
{
	int64_t silent = now - row->pinged;

	if (silent < STOPPED_MILLISECONDS ||
	    (silent < SILENT_MILLISECONDS && !is_stopped(row->server)))
		return;
	report(row, "%s, process %d, doesn't answer; starting another one", row->socket->program,
	       row->server);
	child_kill(row->server);
	forget_server(row);
	start_server(row, now);
}

/* The socket. */

static void make_directories(const char *path)
{
	char directory[PATH_MAX];
	mode_t mask = umask(022);

	snprintf(directory, sizeof directory, "%s", path);
	for (char *slash = directory; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(directory, 0755);
		*slash = '/';
	}
	umask(mask);
}

/* 0 or a negative errno: -EADDRINUSE if there is a file. */
static int bind_socket(struct socket_row *row)
{
	struct sockaddr_un address = address_of(row);
	CLEANUP_CLOSE int fd = make_socket();
	mode_t mask;
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	make_directories(row->socket->path);
	mask = umask(0111);
	r = bind(fd, (const struct sockaddr *) &address, sizeof address) < 0 ? -errno : 0;
	umask(mask);
	if (r == 0 && lstat(row->socket->path, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	row->identity = file_identity_of(&st);
	row->listener = fd;
	fd = -1;
	service_socket_link(row->socket);
	return 0;
}

static bool is_in_place(const struct socket_row *row)
{
	struct stat st;

	return lstat(row->socket->path, &st) == 0 &&
	       file_identities_equal(file_identity_of(&st), row->identity);
}

/* Without touching what is at its path. */
static void give_up(struct socket_row *row)
{
	drop(&row->listener);
	end_server(row);
}

/* Leave the path to whoever answers there, until he ends. */
static void leave_to_foreign(struct socket_row *row, int connection, int64_t now)
{
	CLEANUP_FREE char *name = NULL;
	struct ucred peer = { 0 };
	socklen_t size = sizeof peer;

	row->refused = 0;
	row->due = now + RETRY_MILLISECONDS;
	if (connection < 0 || getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
	    peer.pid <= 0)
		return;
	row->foreign = pidfd_of(peer.pid);
	if (row->foreign < 0) {
		row->foreign = -1;
		return;
	}
	/* An event tells of its end; the time is for a process that only closes the socket. */
	row->due = now + REST_MILLISECONDS;
	if (peer.pid == row->foreign_pid)
		return;
	row->foreign_pid = peer.pid;
	name = proc_read_text((uint32_t) peer.pid, "comm");
	report(row, "process %d (%.*s) answers it; leaving it to that until it ends", peer.pid,
	       name ? (int) strcspn(name, "\n") : 1, name ? name : "?");
}

/* The file there refuses connections. True if that is so for long enough: nobody is behind it. */
static bool is_stale(struct socket_row *row, const struct stat *st, int64_t now)
{
	if (!row->refused || !file_identities_equal(row->refusing, file_identity_of(st))) {
		row->refusing = file_identity_of(st);
		row->refused = now;
	}
	row->due = row->refused + STALE_MILLISECONDS;
	return now >= row->due;
}

/* Whether the path is free for us, or was made so. Else `due` tells when to look again. */
static bool clear_path(struct socket_row *row, int64_t now)
{
	CLEANUP_CLOSE int connection = -1;
	struct stat st;

	if (lstat(row->socket->path, &st) < 0)
		return true;
	row->due = now + REST_MILLISECONDS;
	if (!S_ISSOCK(st.st_mode)) {
		report(row, "is not a socket; remove it");
		return false;
	}
	connection = connect_to(row);
	if (connection >= 0 || connection == -EAGAIN) {
		leave_to_foreign(row, connection, now);
		return false;
	}
	if (connection != -ECONNREFUSED || !is_stale(row, &st, now))
		return false;
	return unlink(row->socket->path) == 0;
}

void socket_row_hold(struct socket_row *row, int64_t now)
{
	int r;

	if (row->listener >= 0) {
		if (is_in_place(row))
			return;
		/* Somebody has removed the socket, perhaps to bind one of his own in a moment. */
		give_up(row);
		row->due = now + TAKEN_MILLISECONDS;
	}
	if (now < row->due)
		return;
	/* Looked at again from the start: it may be another one by now. */
	drop(&row->foreign);
	if (!service_socket_find_program(row->socket, row->program)) {
		row->due = now + REST_MILLISECONDS;
		return;
	}
	if (!clear_path(row, now))
		return;
	r = bind_socket(row);
	row->refused = 0;
	row->foreign_pid = 0;
	row->failures = 0;
	row->start_due = row->due = 0;
	if (r == 0)
		return;
	row->due = now + RETRY_MILLISECONDS;
	if (r != -EADDRINUSE)
		report(row, "%s", strerror(-r));
}

void socket_row_listen(const struct socket_row *row)
{
	if (row->listener >= 0 && listen(row->listener, BACKLOG) < 0)
		report(row, "%s", strerror(errno));
}

void socket_row_remove(const struct socket_row *row)
{
	if (row->listener < 0 || !is_in_place(row))
		return;
	service_socket_unlink(row->socket);
	unlink(row->socket->path);
}

void socket_row_release(struct socket_row *row)
{
	/* First the name: nobody connects any more, and those who have get their answers. */
	socket_row_remove(row);
	give_up(row);
	drop(&row->foreign);
	row->due = row->refused = 0;
}

static void sooner(int64_t *due, int64_t time)
{
	if (*due == 0 || time < *due)
		*due = time;
}

void socket_row_prepare(const struct socket_row *row, struct pollfd events[static ROW_EVENTS],
			int64_t now, int64_t *due)
{
	int64_t listen_from = row->server ? row->pinged + PING_MILLISECONDS : row->start_due;
	bool listens = row->listener >= 0 && row->ping < 0;

	for (int i = 0; i < ROW_EVENTS; i++)
		events[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	/* At most so often: each connection would wake this process as well as the server. */
	if (listens && now >= listen_from)
		events[ROW_LISTENER].fd = row->listener;
	else if (listens)
		sooner(due, listen_from);
	events[ROW_SERVER].fd = row->server_fd;
	events[ROW_FOREIGN].fd = row->foreign;
	events[ROW_PING].fd = row->ping;
	if (row->ping >= 0)
		sooner(due, now - row->pinged < STOPPED_MILLISECONDS
				    ? row->pinged + STOPPED_MILLISECONDS
				    : now + PING_MILLISECONDS);
	if (row->listener < 0 && row->due)
		sooner(due, row->due);
}

bool socket_row_take_events(struct socket_row *row, const struct pollfd events[static ROW_EVENTS],
			    int64_t now)
{
	reap_left(row);
	if (events[ROW_SERVER].revents)
		take_end_of_server(row, now);
	else if (events[ROW_PING].revents)
		drop(&row->ping);
	else if (row->ping >= 0)
		judge_silence(row, now);
	else if (events[ROW_LISTENER].revents && row->server)
		begin_ping(row, now);
	else if (events[ROW_LISTENER].revents)
		start_server(row, now);
	if (events[ROW_FOREIGN].revents)
		row->due = now;
	return row->listener < 0 && row->due && now >= row->due;
}
