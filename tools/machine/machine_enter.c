/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Open, OpenRootDirectory, BindMount, CopyFrom and CopyTo. */
#include "base/array.h"
#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/json_value.h"
#include "tools/calls/enter_work.h"
#include "tools/enter/machine_user.h"
#include "tools/machine/machine_error.h"
#include "tools/machine/machine_job.h"
#include "tools/machine/machine_methods.h"
#include "tools/machine/machine_who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CLEANUP_TARGET CLEANUP(call_target_close)

static void add_detail(struct machine_question *question, const char *key, const char *value)
{
	size_t n = 0;

	while (question->details[n])
		n += 2;
	question->details[n] = key;
	question->details[n + 1] = value;
}

static void reply_terminal(struct varlink_call *call, struct work_result *result, void *data)
{
	json_object *parameters = json_object_new_object();
	int fd = result->fd;

	(void) data;
	result->fd = -1;
	json_object_object_add(parameters, "ptyFileDescriptor", json_object_new_int(0));
	json_object_object_add(parameters, "ptyPath",
			       json_object_new_string_len(
				       result->text, (int) strnlen(result->text, result->size)));
	varlink_reply_descriptor(call, parameters, fd);
}

static void start_terminal(struct varlink_call *call, struct machine_question *question,
			   const struct call_target *target, work_function *function,
			   const void *argument)
{
	question->own = &target->machine;
	question->use = OWN_TERMINAL;
	machine_job_start(call, question, function, argument, TERMINAL_WORK_MS,
			  &(struct machine_job_end){ .done = reply_terminal });
}

/* The texts of a list, NULL behind the last. They are the call's; the array is the caller's to free. */
static char **list_texts(json_object *list)
{
	size_t count = list ? json_object_array_length(list) : 0;
	char **texts = calloc(count + 1, sizeof *texts);

	for (size_t i = 0; texts && i < count; i++)
		texts[i] = (char *) json_string(json_object_array_get_idx(list, i));
	return texts;
}

/* 0; -EINVAL for what is not an assignment; -ENOMEM. */
static int read_environment(json_object *list, struct string_list *settings)
{
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *setting = json_string(json_object_array_get_idx(list, i));

		if (*setting == '=' || !strchr(setting, '='))
			return -EINVAL;
		if (string_list_add(settings, setting) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void open_shell(struct varlink_call *call, const struct machine_input *input,
		       const struct call_target *target)
{
	CLEANUP_FREE char **arguments = list_texts(input->arguments);
	CLEANUP(string_list_done) struct string_list settings = { 0 };
	const char *user = input->user && *input->user ? input->user : "root";
	char *const only_path[] = { (char *) input->path, NULL };
	struct machine_program program = { input->path, arguments };
	struct session_work work = {
		.target = target, .session = { .user = user, .programs = &program, .n_programs = 1 }
	};
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("shell"), input->is_interactive);
	CLEANUP_FREE char *command_line = NULL;

	if (input->path && arguments && !*arguments)
		program.arguments = only_path;
	command_line = command_line_join(program.arguments);
	if (!arguments || !command_line ||
	    read_environment(input->environment, &settings) == -ENOMEM) {
		machine_fail(call, &(struct failure){ .kind = FAILURE_NO_MEMORY });
		return;
	}
	work.session.settings = settings;
	add_detail(&question, "machine", target->name);
	add_detail(&question, "verb", "shell");
	add_detail(&question, "user", user);
	add_detail(&question, "program", input->path ? input->path : "shell");
	add_detail(&question, "command_line", command_line);
	start_terminal(call, &question, target, session_work, &work);
}

static void open_login(struct varlink_call *call, const struct machine_input *input,
		       const struct call_target *target)
{
	struct session_work work = { .target = target, .session = login_session };
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("login"), input->is_interactive);

	add_detail(&question, "machine", target->name);
	add_detail(&question, "verb", "login");
	start_terminal(call, &question, target, session_work, &work);
}

static void open_terminal(struct varlink_call *call, const struct machine_input *input,
			  const struct call_target *target)
{
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("open-pty"), input->is_interactive);

	add_detail(&question, "machine", target->name);
	start_terminal(call, &question, target, terminal_work, target);
}

/* The parameter of Open that isn't valid, or NULL. */
static const char *check_open(struct machine_input *input)
{
	CLEANUP(string_list_done) struct string_list settings = { 0 };

	if (strcmp(input->mode, "tty") != 0 && strcmp(input->mode, "login") != 0 &&
	    strcmp(input->mode, "shell") != 0)
		return "mode";
	if (input->user && *input->user && !machine_user_is_name(input->user))
		return "user";
	if (input->path && !*input->path)
		input->path = NULL;
	if (input->path && *input->path != '/')
		return "path";
	return read_environment(input->environment, &settings) == -EINVAL ? "environment" : NULL;
}

void answer_open(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETERS_WHO,
		REQUIRED("mode", TEXT, mode),
		PARAMETER("user", TEXT, user),
		PARAMETER("path", TEXT, path),
		PARAMETER("args", TEXTS, arguments),
		PARAMETER("environment", TEXTS, environment),
	};
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;
	const char *wrong;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	wrong = check_open(&input);
	if (wrong) {
		varlink_invalid_parameter(call, wrong);
		return;
	}
	if (!machine_who_open_container(&target, call, &input))
		return;
	if (strcmp(input.mode, "shell") == 0)
		open_shell(call, &input, &target);
	else if (strcmp(input.mode, "login") == 0)
		open_login(call, &input, &target);
	else
		open_terminal(call, &input, &target);
}

/* The question of a call that a machine's manager may make. */
static struct machine_question manage(const struct varlink_call *call,
				      const struct machine_input *input,
				      const struct call_target *target, const char *verb)
{
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("manage-machines"), input->is_interactive);

	add_detail(&question, "machine", target->name);
	add_detail(&question, "verb", verb);
	return question;
}

static void reply_directory(struct varlink_call *call, struct work_result *result, void *data)
{
	json_object *parameters = json_object_new_object();
	int fd = result->fd;

	(void) data;
	result->fd = -1;
	json_object_object_add(parameters, "fileDescriptor", json_object_new_int(0));
	varlink_reply_descriptor(call, parameters, fd);
}

void answer_open_root_directory(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = { PARAMETERS_WHO };
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;
	struct machine_question question;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false) ||
	    !machine_who_open_container(&target, call, &input))
		return;
	question = manage(call, &input, &target, "open_root_directory");
	machine_job_start(call, &question, root_work, &target, TERMINAL_WORK_MS,
			  &(struct machine_job_end){ .done = reply_directory });
}

void answer_bind_mount(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETERS_WHO,
		REQUIRED("source", TEXT, source),
		PARAMETER("destination", TEXT, destination),
		PARAMETER("readOnly", FLAG, is_read_only),
		PARAMETER("mkdir", FLAG, make_target),
	};
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;
	struct bind_work work = { .target = &target };
	struct machine_question question;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	work.bind =
		(struct bind_mount){ .here = input.source,
				     .there = input.destination ? input.destination : input.source,
				     .make_target = input.make_target,
				     .is_read_only = input.is_read_only };
	if (!path_is_normalized(work.bind.here) || !path_is_normalized(work.bind.there)) {
		varlink_invalid_parameter(call, path_is_normalized(work.bind.here) ? "destination"
										   : "source");
		return;
	}
	if (!machine_who_open_container(&target, call, &input))
		return;
	question = manage(call, &input, &target, "bind");
	add_detail(&question, "src", work.bind.here);
	add_detail(&question, "dest", work.bind.there);
	machine_job_start(call, &question, bind_work, &work, TERMINAL_WORK_MS,
			  &(struct machine_job_end){ .done = machine_job_reply_nothing });
}

static void copy_files(struct varlink_call *call, bool to_machine)
{
	static const struct machine_parameter parameters[] = {
		PARAMETERS_WHO,
		REQUIRED("source", TEXT, source),
		PARAMETER("destination", TEXT, destination),
		PARAMETER("replace", FLAG, replace),
	};
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;
	struct copy_work work = { .target = &target };
	struct machine_question question;
	const char *destination;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	destination = input.destination ? input.destination : input.source;
	if (*input.source != '/' || *destination != '/') {
		varlink_invalid_parameter(call, *input.source == '/' ? "destination" : "source");
		return;
	}
	if (!machine_who_open_container(&target, call, &input))
		return;
	work.session = (struct copy_session){ .to_machine = to_machine,
					      .here = to_machine ? input.source : destination,
					      .there = to_machine ? destination : input.source,
					      .replace = input.replace };
	question = manage(call, &input, &target, "copy");
	add_detail(&question, "src", input.source);
	add_detail(&question, "dest", destination);
	machine_job_start(call, &question, copy_work, &work, COPY_WORK_MS,
			  &(struct machine_job_end){ .done = machine_job_reply_nothing });
}

void answer_copy_from(struct varlink_call *call)
{
	copy_files(call, false);
}

void answer_copy_to(struct varlink_call *call)
{
	copy_files(call, true);
}
