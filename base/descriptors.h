/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file descriptors of this process. */
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* As many as Linux sends with one message: SCM_MAX_FD, unix(7). */
#define DESCRIPTORS_SENT_MAX 253

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
 * Send bytes by a socket, and with them so many descriptors: none, or up to DESCRIPTORS_SENT_MAX. A
 * socket that nobody reads is an error, not a signal. Returns how many bytes were sent, or a negative errno.
 */
ssize_t descriptors_send(int socket, const void *bytes, size_t size, const int *descriptors,
			 size_t count, int flags);

/*
 * Take the descriptors that came with a message of a socket: unix(7). At most `room` of them; more are
 * closed. Returns how many.
 */
size_t descriptors_received(struct msghdr *message, int *descriptors, size_t room);
