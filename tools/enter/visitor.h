/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A visitor: a child that enters a machine. It takes nothing of the caller's
 * along but a socket, because the processes in the machine are strangers, and can watch it.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/enter/entrance.h"
#include "tools/enter/visitor_packet.h"

#include <sys/types.h>

/* The caller's side of it. */
struct visitor {
	const char *machine; /* of the entrance: failures begin with it */
	pid_t pid;	     /* the caller has to wait for it; -1 if it needn't */
	int socket;
	struct notices *notices; /* get its warnings */
	int n_warnings;
};

#define VISITOR_INIT                                                                               \
	{                                                                                          \
		.pid = -1, .socket = -1                                                            \
	}

/*
 * What a visitor does in the machine. It returns only if it fails, -1 with a failure that
 * the caller then gets; otherwise it executes a program or exits.
 *
 * It is in all namespaces and cgroups of the leader, and in its root directory. It is
 * root there if the machine has such a user. It has no more capabilities than the leader
 * may have, but for those that it needs to become another user; it loses these when it executes
 * a program. It has no supplementary group, environment, terminal or descriptor of the caller's,
 * a session of its own, and /dev/null as standard input, output and error. The socket is closed
 * when it executes a program.
 *
 * It must not load a library, so it must not use name services or locales: the
 * file system is a stranger's.
 */
typedef int visitor_work(int socket, void *argument, struct failure *failure);

/*
 * Send a visitor through the entrance. That and the notices must outlive it. Its warnings become
 * notices, such as cgroups that it couldn't enter. 0, or -1 with a failure.
 */
int visitor_send(struct visitor *visitor, const struct entrance *entrance, visitor_work *work,
		 void *argument, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 6), warn_unused_result));

/*
 * For the visitor: hand descriptors to the caller, and wait until that has
 * called visitor_release(). Exits if the caller has.
 */
void visitor_hand_over(int socket, const int *fds, size_t count);

/* For the visitor: send a warning to the caller. */
void visitor_warn(int socket, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * For the caller: wait for that many descriptors, which become the caller's. Their kind
 * must be checked: a machine's root may have exchanged them. 0, or -1 with a failure.
 */
int visitor_receive(struct visitor *visitor, int *fds, size_t count, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * For the caller: let the visitor go on, and wait until it has executed a program or
 * closed its socket. 0, or -1 with a failure.
 */
int visitor_release(struct visitor *visitor, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The failure of a visitor that sent what no honest one does. Returns -1. */
int visitor_tampered(const struct visitor *visitor, struct failure *failure)
	__attribute__((nonnull));

/*
 * Close the socket and wait for the visitor's end. After so many milliseconds it is killed;
 * it is left alone if it doesn't die of that, because a file system of the machine's blocks it.
 */
void visitor_end(struct visitor *visitor, int milliseconds) __attribute__((nonnull));
