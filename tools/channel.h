/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes from one descriptor to another, through a buffer, as poll(2) says
 * that they can go on. The descriptors are the caller's.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct channel {
	int from, to;	  /* -1: no more of that */
	size_t left;	  /* bytes that are still wanted of it */
	size_t write_max; /* at once: what surely doesn't block where `to` may */
	int error;	  /* why `to` takes no more, or 0 */
	size_t start, end;
	char bytes[16 * 1024];
};

/* Say what it waits for: two entries. */
void channel_watch(const struct channel *channel, struct pollfd fds[static 2]);

/* Do what these entries say can be done. Returns how many bytes were read, at `bytes + start`. */
size_t channel_move(struct channel *channel, const struct pollfd fds[static 2]);

bool channel_is_empty(const struct channel *channel);

/* Whether nothing will ever come of it: either end has gone, and it is empty. */
bool channel_is_done(const struct channel *channel);

/* The size of writes that fits this descriptor, which others have, too. */
size_t channel_write_max(int fd);
