/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Terminals, shells, directories, copies and mounts of machines. */
#include "base/cleanup.h"
#include "tools/bus/bus_operate.h"
#include "tools/bus/bus_permitted.h"
#include "tools/bus/bus_target.h"
#include "tools/calls/enter_work.h"
#include "tools/enter/machine_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ACTION(name) "org.freedesktop.machine1." name

/* Of the arguments of a shell, and of its environment: so many, and so many bytes. */
#define STRINGS_MAX	 4096
#define STRINGS_SIZE_MAX 131072

static int invalid(sd_bus_error *error, const char *words)
{
	return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, words);
}

static int reply_terminal(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			  sd_bus_error *error)
{
	(void) bus, (void) error;
	return sd_bus_reply_method_return(call, "hs", result->fd, result->text);
}

/* A terminal of the machine's, if the caller may have one. */
static int start_terminal(struct bus *bus, sd_bus_message *call, const struct call_target *target,
			  struct bus_question question, work_function *function,
			  const void *argument, sd_bus_error *error)
{
	question.own = &target->machine;
	question.use = OWN_TERMINAL;
	return bus_permitted_start(bus, call, &question, function, argument, reply_terminal,
				   TERMINAL_WORK_MS, error);
}

/* For the host itself, stock tools open terminals by other means. */
static const char only_containers[] = "Opening terminals is only supported on container machines.";

BUS_HANDLER(bus_open_pty)
{
	struct call_target target = { 0 };
	int r = bus_target_find_container(userdata, &target, call, only_containers, error);
	const char *details[] = { "machine", target.name, NULL };

	return r < 0 ? r
		     : start_terminal(userdata, call, &target,
				      (struct bus_question){ .handler = bus_open_pty,
							     .action = ACTION("open-pty"),
							     .details = details },
				      terminal_work, &target, error);
}

/*
 * Read an array of strings. Not by sd_bus_message_read_strv(), whose time grows with the square of their number
 * in libsystemd 252: other callers wait meanwhile.
 */
static int read_strings(sd_bus_message *call, struct string_list *strings, sd_bus_error *error)
{
	const char *string;
	size_t size = 0;
	int r = sd_bus_message_enter_container(call, 'a', "s");

	while (r >= 0 && (r = sd_bus_message_read(call, "s", &string)) > 0) {
		size += strlen(string) + 1;
		if (strings->count == STRINGS_MAX || size > STRINGS_SIZE_MAX)
			return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
						"Too many arguments or environment assignments");
		if (string_list_add(strings, string) < 0)
			return -ENOMEM;
	}
	return r < 0 ? r : sd_bus_message_exit_container(call);
}

/* NULL follows the last, as execve(2) wants it. */
static int read_arguments(sd_bus_message *call, struct string_list *arguments, sd_bus_error *error)
{
	int r = read_strings(call, arguments, error);
	char **items;

	if (r < 0)
		return r;
	items = array_grow(arguments->items, arguments->count, sizeof *items);
	if (!items)
		return -ENOMEM;
	arguments->items = items;
	items[arguments->count] = NULL;
	return r;
}

static int read_environment(sd_bus_message *call, struct string_list *settings, sd_bus_error *error)
{
	int r = read_strings(call, settings, error);

	for (size_t i = 0; r >= 0 && i < settings->count; i++)
		if (*settings->items[i] == '=' || !strchr(settings->items[i], '='))
			return invalid(error, "Invalid environment assignments");
	return r;
}

static int start_shell(struct bus *bus, sd_bus_message *call, struct session_work *shell,
		       const char *user, const char *path, char *const *arguments,
		       sd_bus_error *error)
{
	char *const only_path[] = { (char *) path, NULL };
	struct machine_program program = { *path ? path : NULL, *path && !(arguments && *arguments)
									? only_path
									: arguments };
	CLEANUP_FREE char *command_line = command_line_join(program.arguments);
	const char *details[] = {
		"machine", shell->target->name,	   "verb",	   "shell",	 "user", user,
		"program", *path ? path : "shell", "command_line", command_line, NULL
	};

	if (!command_line)
		return -ENOMEM;
	shell->session.user = user;
	shell->session.programs = &program;
	shell->session.n_programs = 1;
	return start_terminal(bus, call, shell->target,
			      (struct bus_question){ .handler = bus_open_shell,
						     .action = ACTION("shell"),
						     .details = details },
			      session_work, shell, error);
}

BUS_HANDLER(bus_open_shell)
{
	struct call_target target = { 0 };
	CLEANUP(string_list_done) struct string_list arguments = { 0 };
	CLEANUP(string_list_done) struct string_list settings = { 0 };
	struct session_work shell = { .target = &target };
	const char *user, *path;
	int r = bus_target_find_container(userdata, &target, call, only_containers, error);

	if (r >= 0)
		r = sd_bus_message_read(call, "ss", &user, &path);
	if (r >= 0)
		r = read_arguments(call, &arguments, error);
	if (r >= 0)
		r = read_environment(call, &settings, error);
	if (r < 0)
		return r;
	if (*user && !machine_user_is_name(user))
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid user name '%s'",
					 user);
	if (*path && *path != '/')
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "Specified path '%s' is not absolute", path);
	shell.session.settings = settings;
	return start_shell(userdata, call, &shell, *user ? user : "root", path, arguments.items,
			   error);
}

BUS_HANDLER(bus_open_login)
{
	struct call_target target = { 0 };
	struct session_work shell = { .target = &target, .session = login_session };
	int r = bus_target_find_container(userdata, &target, call, only_containers, error);
	const char *details[] = { "machine", target.name, "verb", "login", NULL };

	return r < 0 ? r
		     : start_terminal(userdata, call, &target,
				      (struct bus_question){ .handler = bus_open_login,
							     .action = ACTION("login"),
							     .details = details },
				      session_work, &shell, error);
}

static int reply_descriptor(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			    sd_bus_error *error)
{
	(void) bus, (void) error;
	return sd_bus_reply_method_return(call, "h", result->fd);
}

/* Calls that enter a machine: only for root, and for users whom polkit allows. */
static int start_managing(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
			  const char *const *details, work_function *function, const void *argument,
			  bus_job_reply *reply, int milliseconds, sd_bus_error *error)
{
	const struct bus_question question = { .handler = handler,
					       .action = ACTION("manage-machines"),
					       .details = details };

	return bus_permitted_start(bus, call, &question, function, argument, reply, milliseconds,
				   error);
}

BUS_HANDLER(bus_open_root_directory)
{
	struct call_target target = { 0 };
	int r = bus_target_find_container(
		userdata, &target, call,
		"Opening the root directory is only supported on container machines.", error);

	return r < 0 ? r
		     : start_managing(userdata, call, bus_open_root_directory,
				      (const char *[]){ "machine", target.name, "verb",
							"open_root_directory", NULL },
				      root_work, &target, reply_descriptor, TERMINAL_WORK_MS,
				      error);
}

static int reply_nothing(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			 sd_bus_error *error)
{
	(void) bus, (void) result, (void) error;
	return sd_bus_reply_method_return(call, NULL);
}

BUS_HANDLER(bus_bind_mount)
{
	struct call_target target = { 0 };
	struct bind_work bind = { .target = &target };
	int read_only, make,
		r = bus_target_find_container(
			userdata, &target, call,
			"Bind mounting is only supported on container machines.", error);

	if (r >= 0)
		r = sd_bus_message_read(call, "ssbb", &bind.bind.here, &bind.bind.there, &read_only,
					&make);
	if (r < 0)
		return r;
	if (!path_is_normalized(bind.bind.here))
		return invalid(error, "Source path must be absolute and normalized.");
	if (!*bind.bind.there)
		bind.bind.there = bind.bind.here;
	if (!path_is_normalized(bind.bind.there))
		return invalid(error, "Destination path must be absolute and normalized.");
	bind.bind.is_read_only = read_only;
	bind.bind.make_target = make;
	return start_managing(userdata, call, bus_bind_mount,
			      (const char *[]){ "machine", target.name, "verb", "bind", "src",
						bind.bind.here, "dest", bind.bind.there, NULL },
			      bind_work, &bind, reply_nothing, TERMINAL_WORK_MS, error);
}

static int copy_files(struct bus *bus, sd_bus_message *call, bool to_machine, bool with_flags,
		      sd_bus_message_handler_t handler, sd_bus_error *error)
{
	struct call_target target = { 0 };
	struct copy_work copy = { .target = &target, .session = { .to_machine = to_machine } };
	const char *source, *destination;
	uint64_t flags = 0;
	int r = bus_target_find_container(bus, &target, call,
					  "Copying files is only supported on container machines.",
					  error);

	if (r >= 0)
		r = sd_bus_message_read(call, "ss", &source, &destination);
	if (r >= 0 && with_flags)
		r = sd_bus_message_read(call, "t", &flags);
	if (r < 0)
		return r;
	if (flags & ~UINT64_C(1))
		return -EINVAL;
	if (*source != '/')
		return invalid(error, "Source path must be absolute.");
	if (!*destination)
		destination = source;
	if (*destination != '/')
		return invalid(error, "Destination path must be absolute.");
	copy.session.here = to_machine ? source : destination;
	copy.session.there = to_machine ? destination : source;
	copy.session.replace = flags & 1;
	return start_managing(bus, call, handler,
			      (const char *[]){ "machine", target.name, "verb", "copy", "src",
						source, "dest", destination, NULL },
			      copy_work, &copy, reply_nothing, COPY_WORK_MS, error);
}

BUS_HANDLER(bus_copy_from)
{
	return copy_files(userdata, call, false, false, bus_copy_from, error);
}

BUS_HANDLER(bus_copy_to)
{
	return copy_files(userdata, call, true, false, bus_copy_to, error);
}

BUS_HANDLER(bus_copy_from_with_flags)
{
	return copy_files(userdata, call, false, true, bus_copy_from_with_flags, error);
}

BUS_HANDLER(bus_copy_to_with_flags)
{
	return copy_files(userdata, call, true, true, bus_copy_to_with_flags, error);
}
