/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions to the kernel, rtnetlink(7), with libc alone: a module must not bring
 * other libraries into somebody else's process. All questions of a socket share
 * one deadline.
 */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct route_socket {
	int fd;
	uint32_t sequence; /* of the last question */
	int64_t deadline;  /* of CLOCK_MONOTONIC, in milliseconds */
	_Alignas(struct nlmsghdr) uint8_t buffer[16384];
};

/* A question: a header and attributes of rtnetlink(7). */
struct route_question {
	_Alignas(struct nlmsghdr) uint8_t bytes[192];
};

/* Open a socket. 0 or a negative errno. The caller closes it in both cases. */
int route_socket_open(struct route_socket *socket, int milliseconds);

void route_socket_close(struct route_socket *socket);

/* Begin a question with the header of its type: struct rtmsg, ndmsg or ifinfomsg. */
void route_question_begin(struct route_question *question, uint16_t type, uint16_t flags,
			  const void *header, size_t header_size);

void route_question_add(struct route_question *question, uint16_t type, const void *value,
			size_t size);

/*
 * Ask, and wait for the answer. `answer`, if not NULL, becomes the kernel's
 * message, which is valid until the next question. 0; the negative errno that the
 * kernel answers; or -ETIMEDOUT.
 */
int route_socket_ask(struct route_socket *socket, struct route_question *question,
		     const struct nlmsghdr **answer);

/* Ask with NLM_F_DUMP, and pass on each message. Returns as above. */
int route_socket_dump(struct route_socket *socket, struct route_question *question,
		      void (*take)(const struct nlmsghdr *message, void *data), void *data);

/*
 * The value of an attribute behind a header of this size. NULL if there is none,
 * or it is smaller than `size`.
 */
const void *route_attribute(const struct nlmsghdr *message, size_t header_size, uint16_t type,
			    size_t size);

/* The same for an attribute within another one. */
const void *route_attribute_inside(const struct nlmsghdr *message, size_t header_size,
				   uint16_t outer, uint16_t type, size_t size);
