/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Update, Clone, Remove, SetPoolLimit and CleanPool. */
#include "tools/machine/image_methods.h"

#include "base/array_size.h"
#include "tools/machine/machine_error.h"

#include <errno.h>
#include <string.h>

void image_fail(struct varlink_call *call, const struct failure *f, void *data)
{
	(void) data;
	if (f->kind == FAILURE_NO_IMAGE)
		machine_refuse(call, IMAGE_ERROR("NoSuchImage"));
	else if (f->kind == FAILURE_TOO_MANY)
		machine_refuse(call, IMAGE_ERROR("TooManyOperations"));
	else if (f->kind == FAILURE_NOT_SUPPORTED)
		machine_refuse(call, IMAGE_ERROR("NotSupported"));
	else
		machine_fail(call, f);
}

bool image_has_valid_name(struct varlink_call *call, const char *name, const char *parameter)
{
	if (image_name_is_valid(name))
		return true;
	varlink_invalid_parameter(call, parameter);
	return false;
}

/* This host's own root can be copied, and nothing else. */
static bool is_no_host(struct varlink_call *call, const char *name)
{
	struct failure failure;

	if (strcmp(name, ".host") != 0)
		return true;
	failure_set(&failure, FAILURE_OTHER, "this host's own root can't be changed");
	failure.error = -EROFS;
	machine_fail(call, &failure);
	return false;
}

/* Have a child change an image, if the caller may. */
static void start(struct varlink_call *call, const struct machine_input *input, const char *verb,
		  work_function *function, const struct image_work *work)
{
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("manage-images"), input->is_interactive);
	const char *details[] = {
		"image",       work->name, "verb", verb, work->new_name ? "new_name" : NULL,
		work->new_name
	};

	memcpy(question.details, details, sizeof details);
	machine_job_start(call, &question, function, work, IMAGE_WORK_MS,
			  &(struct machine_job_end){ .done = machine_job_reply_nothing,
						     .failed = image_fail });
}

void answer_image_update(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		REQUIRED("name", TEXT, name),
		PARAMETER("newName", TEXT, new_name),
		PARAMETER("readOnly", CHOICE, sets_read_only),
		PARAMETER("limit", SIZE, limit),
		PARAMETER_INTERACTIVE,
	};
	struct machine_input input;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false) ||
	    !is_no_host(call, input.name) || !image_has_valid_name(call, input.name, "name") ||
	    (input.new_name && !image_has_valid_name(call, input.new_name, "newName")))
		return;
	start(call, &input, "update", image_update_work,
	      &(struct image_work){ .name = input.name,
				    .new_name = input.new_name,
				    .sets_read_only = input.sets_read_only.is_given,
				    .read_only = input.sets_read_only.value,
				    .sets_limit = input.limit.is_given,
				    .limit = input.limit.value });
}

void answer_image_clone(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		REQUIRED("name", TEXT, name),
		REQUIRED("newName", TEXT, new_name),
		PARAMETER("readOnly", FLAG, is_read_only),
		PARAMETER_INTERACTIVE,
	};
	struct machine_input input;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false) ||
	    (strcmp(input.name, ".host") != 0 && !image_has_valid_name(call, input.name, "name")) ||
	    !image_has_valid_name(call, input.new_name, "newName"))
		return;
	start(call, &input, "clone", image_change_work,
	      &(struct image_work){ .name = input.name,
				    .change = IMAGE_CHANGE_CLONE,
				    .new_name = input.new_name,
				    .read_only = input.is_read_only });
}

void answer_image_remove(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		REQUIRED("name", TEXT, name),
		PARAMETER_INTERACTIVE,
	};
	struct machine_input input;

	if (machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false) &&
	    is_no_host(call, input.name) && image_has_valid_name(call, input.name, "name"))
		start(call, &input, "remove", image_change_work,
		      &(struct image_work){ .name = input.name, .change = IMAGE_CHANGE_REMOVE });
}

static struct machine_question question_of_pool(const struct varlink_call *call,
						const struct machine_input *input, const char *verb)
{
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("manage-machines"), input->is_interactive);

	question.details[0] = "verb";
	question.details[1] = verb;
	return question;
}

void answer_set_pool_limit(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		REQUIRED("limit", SIZE, limit),
		PARAMETER_INTERACTIVE,
	};
	struct machine_question question;
	struct machine_input input;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	question = question_of_pool(call, &input, "set_pool_limit");
	machine_job_start(call, &question, image_pool_limit_work,
			  &(struct image_work){ .limit = input.limit.value }, IMAGE_WORK_MS,
			  &(struct machine_job_end){ .done = machine_job_reply_nothing,
						     .failed = image_fail });
}

void answer_clean_pool(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		REQUIRED("mode", TEXT, mode),
		PARAMETER_INTERACTIVE,
	};
	struct image_describe_work work = { 0 };
	struct machine_question question;
	struct machine_input input;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	work.image.all = strcmp(input.mode, "all") == 0;
	if (!work.image.all && strcmp(input.mode, "hidden") != 0) {
		varlink_invalid_parameter(call, "mode");
		return;
	}
	if (!call->more) {
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return;
	}
	question = question_of_pool(call, &input, "clean_pool");
	machine_job_start(
		call, &question, image_clean_describe_work, &work, IMAGE_WORK_MS,
		&(struct machine_job_end){ .done = image_reply_objects, .failed = image_fail });
}
