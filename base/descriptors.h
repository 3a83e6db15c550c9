/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file descriptors of this process. */
#pragma once

#include <stddef.h>
#include <sys/socket.h>

/* Have this process allowed so many descriptors, or as many as may be. Returns how many it may have. */
size_t descriptors_allow(size_t count);

/*
 * Before other people's programs run: those that use select(2) can't have descriptors of
 * FD_SETSIZE or more.
 */
void descriptors_allow_few(void);

/* Close all descriptors from this number on. 0 or a negative errno. */
int descriptors_close_from(int first);

/* Close these, which are open; negative numbers are ignored. Those in a row cost one system call. */
void descriptors_close(const int *descriptors, size_t count);

/*
 * Take the descriptors that came with a message of a socket: unix(7). At most `room` of them; more are
 * closed. Returns how many.
 */
size_t descriptors_received(struct msghdr *message, int *descriptors, size_t room);
