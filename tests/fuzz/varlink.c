/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Varlink's framing: whatever bytes come, in whatever pieces, with descriptors or without. The first
 * byte says how large a piece is.
 */
#include "tools/varlink/varlink_stream.h"

#include "base/descriptors.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE_LIMIT 4096

/* Send a piece, with a descriptor if `fd` isn't -1. */
static void send_piece(int to, const uint8_t *bytes, size_t size, int fd)
{
	if (descriptors_send(to, bytes, size, &fd, fd >= 0, MSG_DONTWAIT) != (ssize_t) size)
		abort();
}

/* Take all whole messages. What was taken can be sent again. False where the stream is broken. */
static bool take_all(struct varlink_stream *stream)
{
	json_object *message;
	int r;

	while ((r = varlink_stream_take(stream, &message)) == 1) {
		if (!json_object_is_type(message, json_type_object) ||
		    varlink_stream_queue(stream, message, NULL, 0) < 0)
			abort();
		json_object_put(message);
	}
	if (r < 0 && r != -EBADMSG)
		abort();
	return r == 0;
}

/* Read what was sent. False at the end of the stream. */
static bool read_piece(struct varlink_stream *stream)
{
	int r;

	while ((r = varlink_stream_read(stream)) == 1)
		if (!take_all(stream))
			return false;
	if (r < 0 && r != -EMSGSIZE && r != -ECONNRESET)
		abort();
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? data[0] * 16u + 1 : 1;
	struct varlink_stream stream;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	varlink_stream_init(&stream, ends[0], SIZE_LIMIT);
	for (size_t at = 1, i = 0; at < size; at += piece, i++) {
		send_piece(ends[1], data + at, piece < size - at ? piece : size - at,
			   i % 3 == 1 ? ends[1] : -1);
		if (!read_piece(&stream))
			break;
	}
	varlink_stream_done(&stream);
	close(ends[1]);
	return 0;
}
