/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/varlink_stream.h"

#include "base/descriptors.h"
#include "base/json_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 4096

void varlink_stream_init(struct varlink_stream *s, int fd, size_t size_max)
{
	*s = (struct varlink_stream){ .fd = fd, .size_max = size_max };
	s->output_end = &s->output;
}

static void free_first_output(struct varlink_stream *s)
{
	struct varlink_output *first = s->output;

	for (size_t i = 0; i < first->n_fds; i++)
		close(first->fds[i]);
	s->output_size -= first->size - first->sent;
	s->output = first->next;
	if (!s->output)
		s->output_end = &s->output;
	free(first);
}

void varlink_stream_done(struct varlink_stream *s)
{
	while (s->output)
		free_first_output(s);
	free(s->input);
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct varlink_stream){ .fd = -1 };
}

/* Room for another read, with one byte more than a message may have. 0 or a negative errno. */
static int make_room(struct varlink_stream *s)
{
	size_t room = s->input_size + READ_SIZE;
	char *input;

	if (s->input_size > s->size_max)
		return -EMSGSIZE;
	if (room <= s->input_room)
		return 0;
	input = realloc(s->input, room);
	if (!input)
		return -ENOMEM;
	s->input = input;
	s->input_room = room;
	return 0;
}

int varlink_stream_read(struct varlink_stream *s)
{
	ssize_t n;
	int r = make_room(s);

	if (r < 0)
		return r;
	/* Without room for descriptors, the kernel closes those that a client has sent. */
	n = recv(s->fd, s->input + s->input_size, s->input_room - s->input_size, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	s->input_size += (size_t) n;
	return 1;
}

bool varlink_stream_has_whole(struct varlink_stream *s)
{
	size_t rest = s->input_size - s->scanned;
	char *end = rest ? memchr(s->input + s->scanned, '\0', rest) : NULL;

	s->scanned = end ? (size_t) (end - s->input) : s->input_size;
	return end;
}

int varlink_stream_take(struct varlink_stream *s, json_object **message)
{
	size_t length;
	const char *why;
	json_object *json;

	if (!varlink_stream_has_whole(s))
		return 0;
	length = s->scanned;
	json = json_parse(s->input, length, &why);
	s->input_size -= length + 1;
	s->scanned = 0;
	memmove(s->input, s->input + length + 1, s->input_size);
	if (why || !json_object_is_type(json, json_type_object)) {
		json_object_put(json);
		return -EBADMSG;
	}
	*message = json;
	return 1;
}

bool varlink_stream_has_partial(const struct varlink_stream *s)
{
	return s->input_size > 0;
}

int varlink_stream_queue(struct varlink_stream *s, json_object *json, const int *fds, size_t n_fds)
{
	size_t length;
	const char *text = json_object_to_json_string_length(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
	struct varlink_output *output = text ? malloc(sizeof *output + length + 1) : NULL;

	if (!output) {
		for (size_t i = 0; i < n_fds; i++)
			close(fds[i]);
		return -ENOMEM;
	}
	*output = (struct varlink_output){ .size = length + 1, .n_fds = n_fds };
	memcpy(output->bytes, text, length + 1);
	if (n_fds)
		memcpy(output->fds, fds, n_fds * sizeof *fds);
	*s->output_end = output;
	s->output_end = &output->next;
	s->output_size += output->size;
	return 0;
}

/* Send the first message that waits, or the rest of it. Bytes sent, or a negative errno. */
static ssize_t send_first(struct varlink_stream *s)
{
	struct varlink_output *o = s->output;
	ssize_t n = descriptors_send(s->fd, o->bytes + o->sent, o->size - o->sent, o->fds, o->n_fds,
				     MSG_DONTWAIT);

	if (n < 0)
		return n;
	/* They went with the first byte. */
	for (size_t i = 0; i < o->n_fds; i++)
		close(o->fds[i]);
	o->n_fds = 0;
	return n;
}

int varlink_stream_flush(struct varlink_stream *s)
{
	while (s->output) {
		ssize_t n = send_first(s);

		if (n == -EAGAIN || n == -EINTR)
			return 0;
		if (n < 0)
			return (int) n;
		s->output->sent += (size_t) n;
		s->output_size -= (size_t) n;
		if (s->output->sent == s->output->size)
			free_first_output(s);
	}
	return 0;
}
