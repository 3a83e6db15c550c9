/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/terminal_session.h"

#include "registry/cleanup.h"
#include "tools/channel.h"

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

/* More than a terminal keeps of what nobody has read yet. */
#define LAST_WORDS_MAX ((size_t) 256 * 1024)

/* How long to wait for somebody to open the machine's terminal again, after vhangup(2). */
#define HUNG_UP_MS 100

struct terminal_session {
	int master, pidfd, signals;
	int in, out;		/* the terminal here */
	struct channel keys;	/* to the machine */
	struct channel screen;	/* from it */
	struct termios before;	/* as the terminal was */
	bool has_ended;		/* the process has */
	int escapes;		/* ^] in a row */
	struct timespec escape; /* when the first of them came */
	struct terminal_session_end end;
};

bool terminal_session_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void follow_size(int master)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master, TIOCSWINSZ, &size);
}

void terminal_session_prepare(int master)
{
	struct termios here, there;

	follow_size(master);
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
 * A description of the terminal that is only used here: not to block is one's own
 * business then, and not that of the shell, which has the same one. Or else that one.
 */
static int reopen(int fd, int flags)
{
	char path[32];
	int own;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = open(path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return own < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : own;
}

/* All that would end this, but for those that are a fault of its own, and those of job control. */
static int catch_signals(void)
{
	static const int others[] = { SIGSEGV, SIGBUS, SIGILL,	SIGFPE,	 SIGABRT,
				      SIGTRAP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		sigdelset(&set, others[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Whether the bytes have the third ^] in time. */
static bool has_escape(struct terminal_session *s, const char *bytes, size_t n)
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

static void take_signal(struct terminal_session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof info) == sizeof info)
		switch (info.ssi_signo) {
		case SIGWINCH: follow_size(s->master); break;
		case SIGCONT:
			/* Who had the terminal meanwhile may have changed it. */
			make_raw(s);
			follow_size(s->master);
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

	if (has_escape(s, s->keys.bytes + s->keys.start, n) || s->keys.from < 0)
		s->end.by_user = true;
	/* The other end isn't open now: that may change. */
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

/* What was written last, now that the process has ended. Whether some is to be shown. */
static bool has_last_words(struct terminal_session *s)
{
	static const struct pollfd now[2] = { { .fd = 0, .revents = POLLIN }, { .fd = -1 } };

	if (channel_is_empty(&s->screen) && !channel_is_done(&s->screen))
		move_screen(s, now);
	return !channel_is_empty(&s->screen);
}

/* One round. Whether another is to follow. */
static bool go_on(struct terminal_session *s)
{
	enum { KEYS = 0, SCREEN = 2, SIGNALS = 4, PROCESS, N_FDS };
	struct pollfd fds[N_FDS];
	bool is_hung_up = s->screen.from < 0;

	if (s->has_ended && !has_last_words(s))
		return false;
	channel_watch(&s->keys, fds + KEYS);
	channel_watch(&s->screen, fds + SCREEN);
	/* While there is nobody at the other end, it is always ready, to say so. */
	if (is_hung_up || s->has_ended || channel_is_empty(&s->keys))
		fds[KEYS + 1].fd = -1;
	fds[SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	fds[PROCESS] = (struct pollfd){ .fd = s->has_ended ? -1 : s->pidfd, .events = POLLIN };
	if (poll(fds, N_FDS, is_hung_up ? HUNG_UP_MS : -1) < 0)
		return true;
	if (fds[SIGNALS].revents)
		take_signal(s);
	move_keys(s, fds + KEYS);
	if (is_hung_up && !s->has_ended)
		s->screen.from = s->master;
	else
		move_screen(s, fds + SCREEN);
	if (fds[PROCESS].revents) {
		s->has_ended = true;
		s->screen.left = LAST_WORDS_MAX;
	}
	return !s->end.by_user && !s->end.signal_number;
}

struct terminal_session_end terminal_session_run(int master, int pidfd)
{
	CLEANUP_CLOSE int signals = catch_signals();
	CLEANUP_CLOSE int in = reopen(STDIN_FILENO, O_RDONLY);
	CLEANUP_CLOSE int out = reopen(STDOUT_FILENO, O_WRONLY);
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
	/* It may have changed while nobody listened. */
	follow_size(master);
	while (go_on(&s))
		;
	tcsetattr(STDIN_FILENO, TCSANOW, &s.before);
	return s.end;
}

void terminal_session_raise(int signal_number)
{
	sigset_t none;

	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
