/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* List. A child looks, and its client gets one image after the other, as it reads. */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "tools/machine/image_methods.h"
#include "tools/machine/machine_error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Texts that a child has written, each with a NUL behind it. */
struct objects {
	char *bytes;
	size_t size, at;
	bool is_sending, is_cancelled;
};

static void free_objects(struct objects *o)
{
	free(o->bytes);
	free(o);
}

static void cancel_objects(struct varlink_call *call)
{
	struct objects *o = call->data;

	if (o->is_sending)
		o->is_cancelled = true;
	else
		free_objects(o);
}

/* The next one, and whether it is the last. NULL if it is damaged, or there is none. */
static json_object *next_object(struct objects *o, bool *is_last)
{
	const char *text = o->bytes + o->at;

	if (o->at >= o->size) {
		*is_last = true;
		return NULL;
	}
	o->at += strnlen(text, o->size - o->at) + 1;
	*is_last = o->at >= o->size;
	return json_tokener_parse(text);
}

static void send_objects(struct varlink_call *call)
{
	struct objects *o = call->data;

	/* A client that has left is noticed when something is sent to it. */
	o->is_sending = true;
	while (!o->is_cancelled && varlink_has_room(call)) {
		bool is_last;
		json_object *object = next_object(o, &is_last);

		if (is_last) {
			call->cancel = NULL;
			call->resume = NULL;
			free_objects(o);
			varlink_reply(call, object);
			return;
		}
		varlink_reply_continues(call, object);
	}
	o->is_sending = false;
	if (o->is_cancelled)
		free_objects(o);
}

void image_reply_objects(struct varlink_call *call, struct work_result *result, void *data)
{
	struct objects *o = calloc(1, sizeof *o);
	int error = -ENOMEM;
	struct failure failure;

	(void) data;
	if (o)
		o->bytes = work_result_bytes(result, &o->size, &error);
	if (!o || !o->bytes) {
		free(o);
		failure_errno(&failure, error, "cannot read a child's results");
		machine_fail(call, &failure);
		return;
	}
	call->data = o;
	call->cancel = cancel_objects;
	call->resume = send_objects;
	send_objects(call);
}

static bool read_metadata(struct varlink_call *call, const char *word,
			  enum image_metadata *metadata)
{
	static const char *const names[] = { "no", "yes", "graceful" };

	*metadata = IMAGE_METADATA_NO;
	for (size_t i = 0; word && i < ARRAY_SIZE(names); i++) {
		*metadata = (enum image_metadata) i;
		if (strcmp(word, names[i]) == 0)
			return true;
	}
	if (word)
		varlink_invalid_parameter(call, "acquireMetadata");
	return !word;
}

void answer_image_list(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETER("name", TEXT, name),
		PARAMETER("acquireMetadata", TEXT, metadata),
		PARAMETER_INTERACTIVE,
	};
	struct image_describe_work work = { 0 };
	struct machine_input input;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false) ||
	    !read_metadata(call, input.metadata, &work.metadata))
		return;
	if (!input.name && !call->more) {
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return;
	}
	if (input.name && strcmp(input.name, ".host") != 0 &&
	    !image_has_valid_name(call, input.name, "name"))
		return;
	work.image.name = input.name;
	machine_job_start(
		call, NULL, image_describe_work, &work,
		work.metadata == IMAGE_METADATA_NO ? IMAGE_LOOK_MS : IMAGE_FILE_WORK_MS,
		&(struct machine_job_end){ .done = image_reply_objects, .failed = image_fail });
}
