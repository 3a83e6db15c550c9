/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way into a machine: its leader's namespaces and root directory. What goes
 * in is a child, which takes nothing of the caller's along but a socket: what
 * runs in the machine is a stranger, and watches it come.
 */
#pragma once

#include "registry/file.h"
#include "registry/record.h"

#include <sys/types.h>

struct entrance {
	const char *subject; /* what messages begin with */
	uint32_t leader;
	int pidfd;
	int root;		/* the leader's root directory */
	int namespaces;		/* CLONE_NEW* of those that aren't the caller's, too */
	uint64_t capabilities;	/* the leader's bounding set: capabilities(7) */
	bool no_new_privileges; /* the leader has it: no_new_privs of prctl(2) */
};

#define ENTRANCE_INIT                                                                              \
	{                                                                                          \
		.pidfd = -1, .root = -1                                                            \
	}

/*
 * Find it for a machine that was registered at this origin, having made sure that it
 * is a container, and that its leader is still that leader. 0, or -1 after it
 * has said what is wrong. To be closed after both.
 */
int entrance_open(struct entrance *entrance, const struct machine *machine,
		  const struct registry_origin *origin);
void entrance_close(struct entrance *entrance);

/* A child in the machine, and the caller's end of its socket. */
struct visitor {
	pid_t pid; /* as the caller sees it, who has to wait for it */
	int socket;
};

/*
 * What a visitor does: it is in all namespaces and cgroups of the leader, in its root directory,
 * root there if there is such a user, with no more capabilities than the leader may have, but for
 * those to become another user, which executing a program takes away. It has no supplementary
 * group, environment, terminal or descriptor of the caller's, a session of its own, and /dev/null
 * as standard input, output and error. It must load no library, so ask no name service and no
 * locale: the file system is a stranger's. What goes wrong it tells by visitor_fail(). Its socket
 * closes when it executes a program.
 */
typedef void visitor_work(int socket, void *argument);

/* Send a visitor in. 0, or -1 after it has said what is wrong. */
int entrance_send(const struct entrance *entrance, visitor_work *work, void *argument,
		  struct visitor *visitor);

/* For the visitor: say why it can't go on, "WHAT: error's words", or without an error just that. */
void visitor_fail(int socket, int error, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/*
 * For the visitor: hand descriptors to the caller, and wait until that has
 * called visitor_go(). Ends, if the caller has.
 */
#define VISITOR_FDS_MAX 3
void visitor_hand_over(int socket, const int *fds, size_t count);

/*
 * For the caller: wait for that many descriptors, which become the caller's to
 * close and are to be looked at: a visitor is among strangers. 0, or -1 after
 * it has said what is wrong.
 */
int visitor_take(struct visitor *visitor, const char *subject, int *fds, size_t count);

/* Let it go on, and wait until it executes a program. 0, or -1 after it has said what is wrong. */
int visitor_go(struct visitor *visitor, const char *subject);

/* Close the socket, and wait for one that is still unwanted: it is killed. */
void visitor_dismiss(struct visitor *visitor);
