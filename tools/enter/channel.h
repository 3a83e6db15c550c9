/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes on their way from one descriptor to another, through a buffer, driven by
 * poll(2). The descriptors are the caller's.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct channel {
	int from, to;	  /* -1: closed, or at its end */
	size_t left;	  /* bytes that are still to be read */
	size_t write_max; /* bytes to write at once, so that a blocking `to` doesn't block */
	int error;	  /* the errno that closed `to`, or 0 */
	size_t start, end;
	char bytes[16 * 1024];
};

/* Fill in the two descriptors to poll, and for which events. */
void channel_watch(const struct channel *channel, struct pollfd fds[static 2]);

/* Read and write as far as poll(2) has found possible. Returns how many bytes were read, at `bytes + start`. */
size_t channel_move(struct channel *channel, const struct pollfd fds[static 2]);

bool channel_is_empty(const struct channel *channel);

/* Whether nothing will pass through it any more: an end is closed, and nothing is left to write. */
bool channel_is_done(const struct channel *channel);

/* The `write_max` for a descriptor that other processes share, so that it can't be made non-blocking. */
size_t channel_write_max(int fd);
