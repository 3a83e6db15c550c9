/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Varlink's framing on a stream socket: JSON objects that end in a NUL byte
 * (varlink.org, "Method Call"). Nothing here waits: the socket is non-blocking,
 * and both directions are buffered and bounded.
 *
 * Replies may have descriptors, by SCM_RIGHTS of unix(7). A message with descriptors
 * goes out in a sendmsg(2) of its own, after all earlier bytes. No call takes any:
 * those that a client sends are closed by the kernel, and none of them is ever this
 * process's.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The most descriptors that are sent with one message. */
#define VARLINK_DESCRIPTORS_MAX 16

struct varlink_output {
	struct varlink_output *next;
	size_t size, sent;
	size_t n_fds;
	int fds[VARLINK_DESCRIPTORS_MAX]; /* ours, closed when they are sent */
	char bytes[];
};

struct varlink_stream {
	int fd;
	size_t size_max; /* of one incoming message, in bytes */

	char *input;
	size_t input_size; /* bytes in `input` */
	size_t input_room; /* bytes allocated */
	size_t scanned;	   /* bytes of `input` that are known to have no NUL */

	struct varlink_output *output, **output_end;
	size_t output_size; /* bytes that wait */
};

/* Take over a non-blocking socket. */
void varlink_stream_init(struct varlink_stream *stream, int fd, size_t size_max);

/* Close the socket, and give up what waits. */
void varlink_stream_done(struct varlink_stream *stream);

/*
 * Read what is there, at most so much as one message may have. 1; 0 where there
 * is nothing now; -ECONNRESET at the end; -EMSGSIZE for a message that is too
 * large; or another negative errno.
 */
int varlink_stream_read(struct varlink_stream *stream);

/*
 * Take the next whole message out of what was read. It is the caller's. 1; 0 where
 * there is none; -EBADMSG where it isn't a JSON object.
 */
int varlink_stream_take(struct varlink_stream *stream, json_object **message);

/* Whether bytes are there that were not taken: a whole message or a part of one. */
bool varlink_stream_has_partial(const struct varlink_stream *stream);

/* Whether a whole message is there that was not taken. */
bool varlink_stream_has_whole(struct varlink_stream *stream);

/*
 * Queue a message. The descriptors are the stream's from here on, also on
 * failure. The object stays the caller's. 0 or -ENOMEM.
 */
int varlink_stream_queue(struct varlink_stream *stream, json_object *json, const int *fds,
			 size_t n_fds);

/* Send what waits, as far as it goes now. 0, or a negative errno for a socket that is broken. */
int varlink_stream_flush(struct varlink_stream *stream);
