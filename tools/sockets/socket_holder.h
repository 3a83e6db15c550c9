/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process that holds the sockets where no systemd does. The monitor starts it
 * before giving up its privileges, as what answers a socket may need them, and
 * tells it whether there are machines. It binds the sockets, starts what
 * answers each at the first connection, and starts that again if it ends or
 * stops answering. If it is killed, its parent, which does nothing else, starts
 * another one. It ends with the monitor, however that ends, and takes the
 * sockets away then: a socket that nobody answers makes each look-up fail.
 *
 * A path where somebody else answers, such as systemd-machined, is left alone
 * until that process ends. If somebody puts a socket of his in the place of
 * ours, ours is given up.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

struct socket_holder {
	pid_t pid;
	/*
	 * To the process: SOCKET_HOLDER_HOLD or _RELEASE, a byte a message. From it: lines
	 * for a log, a line a message. Its end is the process's.
	 */
	int control;
};

#define SOCKET_HOLDER_HOLD    '1'
#define SOCKET_HOLDER_RELEASE '0'

/* Start it; it holds nothing yet. In the background, it has no standard error. 0, or -1. */
int socket_holder_start(struct socket_holder *holder, bool background, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Both were killed: remove the sockets that it has left. */
void socket_holder_clean_up(void);
