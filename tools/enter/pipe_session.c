/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/pipe_session.h"

#include "base/cleanup.h"
#include "tools/enter/channel.h"

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

/* The machine's root may have exchanged them. */
static int check_pipes(const int pipes[static PIPE_SESSION_FDS], struct failure *f)
{
	for (int i = 0; i < PIPE_SESSION_FDS; i++) {
		struct stat st;

		if (fstat(pipes[i], &st) < 0 || !S_ISFIFO(st.st_mode) ||
		    fcntl(pipes[i], F_SETFL, O_NONBLOCK) < 0)
			return failure_set(f, FAILURE_OTHER,
					   "the machine sent descriptors that aren't pipes");
	}
	return 0;
}

/* Close a pipe when nothing passes through it any more, so that the other end notices. */
static void close_done(struct channel *channel, int *pipe)
{
	if (*pipe < 0 || !channel_is_done(channel))
		return;
	close(*pipe);
	*pipe = channel->from = channel->to = -1;
}

/* After the process's end: read what is in the pipes now, as other processes may write for ever. */
static void end_channels(struct channel *channels, int pipes[static PIPE_SESSION_FDS])
{
	channels[STDIN_FILENO].to = -1;
	for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++) {
		int size = 0;

		if (pipes[i] >= 0 && ioctl(pipes[i], FIONREAD, &size) == 0)
			channels[i].left = (size_t) size;
	}
}

static void pass_on(struct channel *channels, int pipes[static PIPE_SESSION_FDS], int pidfd)
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

int pipe_session_run(int pipes[static PIPE_SESSION_FDS], int pidfd, struct failure *f)
{
	struct channel channels[PIPE_SESSION_FDS];

	if (check_pipes(pipes, f) < 0)
		return -1;
	for (int i = 0; i < PIPE_SESSION_FDS; i++) {
		channels[i].from = i == STDIN_FILENO ? i : pipes[i];
		channels[i].to = i == STDIN_FILENO ? pipes[i] : i;
		channels[i].left = SIZE_MAX;
		channels[i].write_max = channel_write_max(channels[i].to);
		channels[i].error = 0;
		channels[i].start = channels[i].end = 0;
	}
	/* The pipe for input is only ours, and is non-blocking. */
	channels[STDIN_FILENO].write_max = SIZE_MAX;
	signal(SIGPIPE, SIG_IGN);
	pass_on(channels, pipes, pidfd);
	for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++)
		if (channels[i].error && channels[i].error != EPIPE)
			return failure_errno(f, -channels[i].error, "cannot write the output");
	return 0;
}
