/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/channel.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t channel_write_max(int fd)
{
	struct stat st;

	/* A pipe that poll(2) reports as writable has room for this many bytes: pipe(7). */
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? SSIZE_MAX : PIPE_BUF;
}

bool channel_is_empty(const struct channel *c)
{
	return c->start == c->end;
}

bool channel_is_done(const struct channel *c)
{
	return c->to < 0 || (channel_is_empty(c) && (c->from < 0 || !c->left));
}

void channel_watch(const struct channel *c, struct pollfd fds[static 2])
{
	bool reads = !channel_is_done(c) && channel_is_empty(c);

	fds[0] = (struct pollfd){ .fd = reads ? c->from : -1, .events = POLLIN };
	/* Also without events, poll(2) reports when the reader has closed it. */
	fds[1] = (struct pollfd){ .fd = c->to, .events = channel_is_empty(c) ? 0 : POLLOUT };
}

static bool is_temporary(int error)
{
	return error == EAGAIN || error == EINTR;
}

static size_t read_channel(struct channel *c)
{
	size_t room = c->left < sizeof c->bytes ? c->left : sizeof c->bytes;
	ssize_t n = read(c->from, c->bytes, room);

	if (n <= 0) {
		if (n == 0 || !is_temporary(errno))
			c->from = -1;
		return 0;
	}
	c->start = 0;
	c->end = (size_t) n;
	c->left -= (size_t) n;
	return (size_t) n;
}

static void write_channel(struct channel *c)
{
	size_t size = c->end - c->start;
	ssize_t n = write(c->to, c->bytes + c->start, size < c->write_max ? size : c->write_max);

	if (n >= 0) {
		c->start += (size_t) n;
	} else if (!is_temporary(errno)) {
		c->error = errno;
		c->to = -1;
	}
}

size_t channel_move(struct channel *c, const struct pollfd fds[static 2])
{
	size_t n = 0;

	if (fds[1].fd >= 0 && fds[1].revents & POLLOUT)
		write_channel(c);
	else if (fds[1].fd >= 0 && fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		c->error = EPIPE;
		c->to = -1;
	}
	if (fds[0].fd >= 0 && fds[0].revents)
		n = read_channel(c);
	return n;
}
