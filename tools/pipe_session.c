/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/pipe_session.h"

#include "registry/cleanup.h"
#include "tools/channel.h"
#include "tools/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

int pipe_session_open(int own[static PIPE_SESSION_FDS], int others[static PIPE_SESSION_FDS])
{
	for (int i = 0; i < PIPE_SESSION_FDS; i++) {
		int ends[2];
		bool is_input = i == STDIN_FILENO;

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		own[i] = ends[is_input ? 0 : 1];
		others[i] = ends[is_input ? 1 : 0];
	}
	return 0;
}

/* They were sent from among strangers. */
static int check_pipes(const int pipes[static PIPE_SESSION_FDS])
{
	for (int i = 0; i < PIPE_SESSION_FDS; i++) {
		struct stat st;

		if (fstat(pipes[i], &st) < 0 || !S_ISFIFO(st.st_mode) ||
		    fcntl(pipes[i], F_SETFL, O_NONBLOCK) < 0) {
			complain("the pipes from the machine are none");
			return -1;
		}
	}
	return 0;
}

/* A pipe that nothing goes through any more is closed, so that the other end sees it. */
static void close_done(struct channel *channel, int *pipe)
{
	if (*pipe < 0 || !channel_is_done(channel))
		return;
	close(*pipe);
	*pipe = channel->from = channel->to = -1;
}

/* What is in the pipes now is the last of it; others there may go on writing for ever. */
static void end_channels(struct channel *channels, int pipes[static PIPE_SESSION_FDS])
{
	channels[STDIN_FILENO].to = -1;
	for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++) {
		int size = 0;

		if (pipes[i] >= 0 && ioctl(pipes[i], FIONREAD, &size) == 0)
			channels[i].left = (size_t) size;
	}
}

static void pump(struct channel *channels, int pipes[static PIPE_SESSION_FDS], int pidfd)
{
	bool has_ended = false;

	for (;;) {
		struct pollfd fds[2 * PIPE_SESSION_FDS + 1];

		for (int i = 0; i < PIPE_SESSION_FDS; i++) {
			close_done(&channels[i], &pipes[i]);
			channel_watch(&channels[i], &fds[2 * i]);
		}
		if (has_ended && pipes[STDOUT_FILENO] < 0 && pipes[STDERR_FILENO] < 0)
			return;
		fds[2 * PIPE_SESSION_FDS] =
			(struct pollfd){ .fd = has_ended ? -1 : pidfd, .events = POLLIN };
		if (poll(fds, 2 * PIPE_SESSION_FDS + 1, -1) < 0)
			continue;
		for (int i = 0; i < PIPE_SESSION_FDS; i++)
			channel_move(&channels[i], &fds[2 * i]);
		if (fds[2 * PIPE_SESSION_FDS].revents) {
			has_ended = true;
			end_channels(channels, pipes);
		}
	}
}

int pipe_session_run(int pipes[static PIPE_SESSION_FDS], int pidfd)
{
	struct channel channels[PIPE_SESSION_FDS];
	int r = 0;

	if (check_pipes(pipes) < 0)
		return -1;
	for (int i = 0; i < PIPE_SESSION_FDS; i++) {
		channels[i].from = i == STDIN_FILENO ? i : pipes[i];
		channels[i].to = i == STDIN_FILENO ? pipes[i] : i;
		channels[i].left = SIZE_MAX;
		channels[i].write_max = channel_write_max(channels[i].to);
		channels[i].error = 0;
		channels[i].start = channels[i].end = 0;
	}
	/* Of input, the pipe is the visit's own and doesn't block. */
	channels[STDIN_FILENO].write_max = SIZE_MAX;
	signal(SIGPIPE, SIG_IGN);
	pump(channels, pipes, pidfd);
	for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++)
		if (channels[i].error && channels[i].error != EPIPE) {
			complain("cannot write the output: %s", strerror(channels[i].error));
			r = -1;
		}
	return r;
}
