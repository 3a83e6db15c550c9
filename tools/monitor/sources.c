/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/sources.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>

int sources_init(struct sources *s, size_t max)
{
	*s = (struct sources){ .epoll = epoll_create1(EPOLL_CLOEXEC), .max = max };
	return s->epoll < 0 ? -errno : 0;
}

static int add_source(struct sources *s, struct source *source, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };
	int r = 0;

	if (fd < 0)
		return fd;
	if (s->used >= s->max)
		r = -EMFILE;
	else if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	source->fd = fd;
	s->used++;
	return 0;
}

int source_add(struct sources *s, struct source *source, int fd)
{
	return add_source(s, source, fd, EPOLLIN);
}

int source_add_oneshot(struct sources *s, struct source *source, int fd)
{
	return add_source(s, source, fd, EPOLLIN | EPOLLONESHOT);
}

void source_rearm(struct sources *s, struct source *source)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = source };

	epoll_ctl(s->epoll, EPOLL_CTL_MOD, source->fd, &event);
}

void source_remove(struct sources *s, struct source *source)
{
	if (source->fd < 0)
		return;
	/* To close it isn't enough: a child of slow_look_begin() may have a duplicate. */
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	close(source->fd);
	source->fd = -1;
	s->used--;
}

void sources_done(struct sources *s)
{
	cleanup_close(&s->epoll);
	s->epoll = -1;
}
