/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/channel.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t channel_write_max(int fd)
{
	struct stat st;

	/* If a pipe can be written to, it has room for so many: pipe(7), poll(2). */
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
	/* Also of one that nothing is written to it is told when its reader has gone. */
	fds[1] = (struct pollfd){ .fd = c->to, .events = channel_is_empty(c) ? 0 : POLLOUT };
}

static bool is_later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static size_t fill(struct channel *c)
{
	size_t room = c->left < sizeof c->bytes ? c->left : sizeof c->bytes;
	ssize_t n = read(c->from, c->bytes, room);

	if (n <= 0) {
		if (n == 0 || !is_later())
			c->from = -1;
		return 0;
	}
	c->start = 0;
	c->end = (size_t) n;
	c->left -= (size_t) n;
	return (size_t) n;
}

static void drain(struct channel *c)
{
	size_t size = c->end - c->start;
	ssize_t n = write(c->to, c->bytes + c->start, size < c->write_max ? size : c->write_max);

	if (n >= 0) {
		c->start += (size_t) n;
	} else if (!is_later()) {
		c->error = errno;
		c->to = -1;
	}
}

size_t channel_move(struct channel *c, const struct pollfd fds[static 2])
{
	size_t n = 0;

	if (fds[1].fd >= 0 && fds[1].revents & POLLOUT)
		drain(c);
	else if (fds[1].fd >= 0 && fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		c->error = EPIPE;
		c->to = -1;
	}
	if (fds[0].fd >= 0 && fds[0].revents)
		n = fill(c);
	return n;
}
