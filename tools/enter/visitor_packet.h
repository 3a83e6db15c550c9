/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets between a visitor and the process that sent it, over a socket of
 * type SOCK_SEQPACKET. A machine's root may have tampered with the visitor, so
 * nothing that comes from there is trusted: sizes are fixed, texts are ended,
 * numbers are checked, and no more descriptors are taken than were asked for.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum visitor_packet_kind {
	VISITOR_WARNING, /* something failed, and the visitor goes on: `failure` */
	VISITOR_STARTED, /* it is in the machine: `pid` */
	VISITOR_READY,	 /* with the descriptors that were asked for */
	VISITOR_GO,	 /* to the visitor: it may go on */
	VISITOR_FAILED,	 /* it can't go on: `failure` */
};

struct visitor_packet {
	enum visitor_packet_kind kind;
	pid_t pid;
	uint64_t mount; /* with VISITOR_READY of bind_mount.c: the mount below the target */
	struct failure failure;
};

/*
 * How long a visitor may take to answer, from when it was last seen to be runnable. A file system
 * that the machine's root has made may block it for ever.
 */
#define VISITOR_ANSWER_MS 4000

/* How long one answer may take at most. A visitor gets no more of the processors than its machine. */
#define VISITOR_SLOW_MS 30000

/* The most descriptors that one packet brings. */
#define VISITOR_FDS_MAX 3

/* Send a packet with descriptors. 0 or a negative errno. */
int visitor_packet_send(int socket, const struct visitor_packet *packet, const int *fds,
			size_t count);

/*
 * Receive a packet; with VISITOR_READY it must bring exactly `count` descriptors, which
 * become the caller's. Waits without end. 1; 0 if the other end is closed; or -EBADMSG for a
 * packet that no honest visitor sends.
 */
int visitor_packet_receive(int socket, struct visitor_packet *packet, int *fds, size_t count)
	__attribute__((warn_unused_result));

/*
 * Wait until the visitor, a child, has sent something or closed its socket: at most `blocked`
 * milliseconds from when it was last seen to be runnable, and at most `most`. Both may be exceeded by
 * the time between two looks at it, a 16th of `blocked`. 0; -ETIMEDOUT if it is blocked; or -EBUSY if
 * it still runs.
 */
int visitor_packet_wait(int socket, pid_t visitor, int blocked, int most)
	__attribute__((warn_unused_result));

/*
 * Receive a packet from the visitor, a child, in a machine of this name. 1 with a packet that is
 * no failure; 0 if the visitor has closed the socket; or -1 with a failure: the visitor's, or why
 * there is no answer.
 */
int visitor_packet_expect(int socket, pid_t visitor, const char *machine,
			  struct visitor_packet *packet, int *fds, size_t count,
			  struct failure *failure) __attribute__((warn_unused_result));

/* The failure of a visitor that sent what no honest visitor sends. Returns -1. */
int visitor_packet_tampered(const char *machine, struct failure *failure);

/* The failure of a visitor that died before it answered. Returns -1. */
int visitor_packet_missing(const char *machine, struct failure *failure);
