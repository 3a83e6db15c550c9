/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/terminal_session.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "tools/enter/channel.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ESCAPE_KEY     0x1d /* ^] */
#define ESCAPE_COUNT   3
#define ESCAPE_SECONDS 1

/* More than a terminal buffers of unread output. */
#define LAST_OUTPUT_MAX ((size_t) 256 * 1024)

/* After vhangup(2): how often to look whether a process has opened the terminal again. */
#define HUNG_UP_MS 100

struct terminal_session {
	int master, pidfd, signals;
	int in, out;		/* the terminal here */
	struct channel keys;	/* to the machine */
	struct channel screen;	/* from it */
	struct termios before;	/* the settings to restore */
	bool has_ended;		/* the process has */
	int escapes;		/* ^] in a row */
	struct timespec escape; /* the time of the first of them */
	struct terminal_session_end end;
};

bool terminal_session_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void copy_window_size(int master)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master, TIOCSWINSZ, &size);
}

void terminal_session_prepare(int master)
{
	struct termios here, there;

	copy_window_size(master);
	if (tcgetattr(STDIN_FILENO, &here) < 0 || tcgetattr(master, &there) < 0)
		return;
	memcpy(there.c_cc, here.c_cc, sizeof there.c_cc);
	there.c_iflag = (there.c_iflag & ~(tcflag_t) IUTF8) | (here.c_iflag & IUTF8);
	tcsetattr(master, TCSANOW, &there);
}

static void make_raw(const struct terminal_session *s)
{
	struct termios raw = s->before;

	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/*
 * Open the terminal again, non-blocking: the open file of standard input is shared with the
 * calling shell, which must not become non-blocking. If that fails, use the shared one.
 */
static int reopen_terminal(int fd, int flags)
{
	char path[32];
	int own;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = open(path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return own < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : own;
}

/* Block all signals that end a process, except for faults of its own, and those of job control. */
static int catch_signals(void)
{
	static const int others[] = { SIGSEGV, SIGBUS, SIGILL,	SIGFPE,	 SIGABRT,
				      SIGTRAP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		sigdelset(&set, others[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Count ^] in a row. Whether the bytes bring the last one in time. */
static bool find_escape(struct terminal_session *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct timespec now;

		if (bytes[i] != ESCAPE_KEY) {
			s->escapes = 0;
			continue;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (s->escapes == 0 ||
		    now.tv_sec - s->escape.tv_sec - (now.tv_nsec < s->escape.tv_nsec) >=
			    ESCAPE_SECONDS) {
			s->escape = now;
			s->escapes = 0;
		}
		if (++s->escapes == ESCAPE_COUNT)
			return true;
	}
	return false;
}

static void handle_signal(struct terminal_session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof info) == sizeof info)
		switch (info.ssi_signo) {
		case SIGWINCH: copy_window_size(s->master); break;
		case SIGCONT:
			/* Another job may have changed the terminal. */
			make_raw(s);
			copy_window_size(s->master);
			break;
		case SIGCHLD:
		case SIGURG:
		case SIGPIPE: break;
		default: s->end.signal_number = (int) info.ssi_signo;
		}
}

static void move_keys(struct terminal_session *s, const struct pollfd fds[static 2])
{
	size_t n = channel_move(&s->keys, fds);

	if (find_escape(s, s->keys.bytes + s->keys.start, n) || s->keys.from < 0)
		s->end.by_user = true;
	/* No process has the other end open now; one may open it again. */
	if (s->keys.to < 0)
		s->keys.to = s->master;
}

static void move_screen(struct terminal_session *s, const struct pollfd fds[static 2])
{
	size_t n = channel_move(&s->screen, fds);

	if (n)
		s->end.last = s->screen.bytes[s->screen.start + n - 1];
	if (s->screen.to < 0)
		s->end.by_user = true;
}

/* After the process's end: read more of its output. Whether there is some to show. */
static bool read_last_output(struct terminal_session *s)
{
	static const struct pollfd now[2] = { { .fd = 0, .revents = POLLIN }, { .fd = -1 } };

	if (channel_is_empty(&s->screen) && !channel_is_done(&s->screen))
		move_screen(s, now);
	return !channel_is_empty(&s->screen);
}

/* Wait for an event and handle it. Whether the session goes on. */
static bool handle_events(struct terminal_session *s)
{
	enum { KEYS = 0, SCREEN = 2, SIGNALS = 4, PROCESS, N_FDS };
	struct pollfd fds[N_FDS];
	bool is_hung_up = s->screen.from < 0;

	if (s->has_ended && !read_last_output(s))
		return false;
	channel_watch(&s->keys, fds + KEYS);
	channel_watch(&s->screen, fds + SCREEN);
	/* While no process has the other end open, poll(2) always reports that, and would not wait. */
	if (is_hung_up || s->has_ended || channel_is_empty(&s->keys))
		fds[KEYS + 1].fd = -1;
	fds[SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[PROCESS] = (struct pollfd){ .fd = s->has_ended ? -1 : s->pidfd, .events = POLLIN };
	if (poll(fds, N_FDS, is_hung_up ? HUNG_UP_MS : -1) < 0)
		return true;
	if (fds[SIGNALS].revents)
		handle_signal(s);
	move_keys(s, fds + KEYS);
	if (is_hung_up && !s->has_ended)
		s->screen.from = s->master;
	else
		move_screen(s, fds + SCREEN);
	if (fds[PROCESS].revents) {
		s->has_ended = true;
		s->screen.left = LAST_OUTPUT_MAX;
	}
	return !s->end.by_user && !s->end.signal_number;
}

struct terminal_session_end terminal_session_run(int master, int pidfd)
{
	CLEANUP_CLOSE int signals = catch_signals();
	CLEANUP_CLOSE int in = reopen_terminal(STDIN_FILENO, O_RDONLY);
	CLEANUP_CLOSE int out = reopen_terminal(STDOUT_FILENO, O_WRONLY);
	struct terminal_session s = {
		.master = master,
		.pidfd = pidfd,
		.signals = signals,
		.keys = { .from = in, .to = master, .left = SIZE_MAX, .write_max = SIZE_MAX },
		.screen = { .from = master, .to = out, .left = SIZE_MAX, .write_max = PIPE_BUF },
		.end = { .last = '\n' },
	};

	fcntl(master, F_SETFL, O_NONBLOCK);
	if (signals < 0 || tcgetattr(STDIN_FILENO, &s.before) < 0) {
		s.end.by_user = true;
		return s.end;
	}
	make_raw(&s);
	/* The size may have changed since terminal_session_prepare(). */
	copy_window_size(master);
	while (handle_events(&s))
		;
	tcsetattr(STDIN_FILENO, TCSANOW, &s.before);
	return s.end;
}
