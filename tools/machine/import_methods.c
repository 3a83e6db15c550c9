/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pull and ListTransfers. A transfer that Pull has started is nobody's: it goes on when its caller
 * leaves, and when this process ends, as systemd-importd's goes on without its caller.
 */
#include "tools/machine/import_methods.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "tools/images/image_name.h"
#include "tools/images/image_pool.h"
#include "tools/import/transfer_child.h"
#include "tools/machine/import_interface.h"
#include "tools/machine/machine_error.h"
#include "tools/machine/machine_input.h"
#include "tools/machine/machine_job.h"
#include "tools/varlink/varlink_connection.h"
#include "tools/varlink/varlink_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT_ERROR(name) "io.systemd.Import." name
#define PULL_ACTION	   "org.freedesktop.import1.pull"

/* For a child that asks polkit, and does nothing else. */
#define QUESTION_WORK_MS 5000

/* Those that this process has started. Each has the call that is told of it as its data, or NULL. */
static struct transfer_children children;
static struct varlink_server *children_server;

static void refuse_unsupported(struct varlink_call *call, const char *words)
{
	struct failure failure;

	failure_set(&failure, FAILURE_OTHER, "%s", words);
	failure.error = -EOPNOTSUPP;
	machine_fail(call, &failure);
}

/* Kinds whose errors are of io.systemd.Machine get others here. */
static void fail_pull(struct varlink_call *call, const struct failure *f, const char *remote)
{
	struct failure failure = *f;
	json_object *parameters;

	if (f->kind == FAILURE_EXISTS) {
		parameters = json_object_new_object();
		json_object_object_add(parameters, "remote", json_object_new_string(remote));
		varlink_error(call, IMPORT_ERROR("AlreadyInProgress"), parameters);
		return;
	}
	if (f->kind == FAILURE_TOO_MANY) {
		failure.kind = FAILURE_OTHER;
		failure.error = -EUSERS;
	}
	machine_fail(call, &failure);
}

/* The transfer's end answers it, whenever that is: a process that is told to end waits for that. */
static void wait_for_end(struct varlink_call *call)
{
	(void) call;
}

static void forget_caller(struct varlink_call *call)
{
	struct transfer_child *child = call->data;

	child->data = NULL;
}

static void tell(struct transfer_child *child, const char *key, json_object *value)
{
	json_object *parameters;

	/* A caller that doesn't read misses messages for which there is no room, but not the result. */
	if (!child->data || !varlink_has_room(child->data)) {
		json_object_put(value);
		return;
	}
	parameters = json_object_new_object();
	json_object_object_add(parameters, key, value);
	varlink_reply_continues(child->data, parameters);
}

/* It is for a person, and has escapes of its own. Only what isn't text at all is escaped here. */
static void tell_line(struct transfer_child *child, int priority, const char *line)
{
	char text[ESCAPED_SIZE(TRANSFER_LINE_SIZE)];
	json_object *log = json_object_new_object();

	json_object_object_add(log, "message",
			       json_object_new_string(is_printable(line)
							      ? line
							      : escape_for_programs(line, text)));
	json_object_object_add(log, "priority", json_object_new_int(priority));
	tell(child, "log", log);
}

static void tell_progress(struct transfer_child *child)
{
	tell(child, "progress", json_object_new_double(child->progress));
}

static void tell_end(struct transfer_child *child, enum transfer_result result)
{
	static const char *const errors[] = {
		[TRANSFER_CANCELLED] = IMPORT_ERROR("TransferCancelled"),
		[TRANSFER_FAILED] = IMPORT_ERROR("TransferFailed"),
	};
	struct varlink_call *call = child->data;

	varlink_server_unwatch(children_server, child->output);
	varlink_server_unwatch(children_server, child->pidfd);
	if (!call)
		return;
	call->cancel = NULL;
	call->expire = NULL;
	call->data = NULL;
	if (result == TRANSFER_DONE)
		varlink_reply(call, NULL);
	else
		varlink_error(call, errors[result], NULL);
}

static void wake_output(void *data)
{
	struct transfer_child *child = data;

	if (!transfer_child_take_output(child))
		varlink_server_unwatch(children_server, child->output);
}

static void wake_end(void *data)
{
	transfer_child_take_end(data);
}

static void wake_progress(void *data)
{
	transfer_children_take_progress(data);
}

int import_begin(struct varlink_server *server, struct failure *f)
{
	static const struct transfer_events events = { tell_line, tell_progress, tell_end };
	int r = transfer_children_open(&children, &events);

	children_server = server;
	/* Without progress, then, and where nothing can be written, with errors for callers. */
	if (r < 0) {
		varlink_log(LOG_WARNING, "cannot watch transfers: %s", strerror(-r));
		return 0;
	}
	return varlink_server_watch(server, children.inotify, wake_progress, &children, f);
}

static int watch_child(struct transfer_child *child, struct failure *f)
{
	if (varlink_server_watch(children_server, child->output, wake_output, child, f) == 0 &&
	    varlink_server_watch(children_server, child->pidfd, wake_end, child, f) == 0)
		return 0;
	varlink_server_unwatch(children_server, child->output);
	transfer_child_drop(child);
	return -1;
}

static json_object *describe_id(uint32_t id)
{
	json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, "id", json_object_new_int64(id));
	return parameters;
}

static void start_transfer(struct varlink_call *call, const struct transfer_request *request)
{
	struct transfer_child *child;
	struct failure failure;

	if (transfer_child_start(&children, call->connection->user, request, &child, &failure) <
		    0 ||
	    watch_child(child, &failure) < 0) {
		fail_pull(call, &failure, request->remote);
		return;
	}
	if (!call->more) {
		varlink_reply(call, describe_id(child->id));
		return;
	}
	child->data = call;
	call->data = child;
	call->cancel = forget_caller;
	call->expire = wait_for_end;
	varlink_reply_continues(call, describe_id(child->id));
}

static void take_permission(struct varlink_call *call, struct work_result *result, void *data)
{
	(void) result;
	start_transfer(call, data);
	free(data);
}

static void take_refusal(struct varlink_call *call, const struct failure *f, void *data)
{
	const struct transfer_request *request = data;

	fail_pull(call, f, request->remote);
	free(data);
}

static int do_nothing(const void *argument, struct work_result *result, struct failure *f)
{
	(void) argument, (void) result, (void) f;
	return 0;
}

/* The request's texts are the call's, and stay until it is answered. */
static void ask_for_permission(struct varlink_call *call, const struct machine_input *input,
			       const struct transfer_request *request)
{
	struct machine_question question =
		machine_question_of(call, PULL_ACTION, input->is_interactive);
	const char *details[] = { "verb",
				  request->type,
				  "remote",
				  input->remote,
				  "class",
				  input->class,
				  "type",
				  input->type,
				  "verify",
				  input->verify ?: "signature",
				  input->local ? "local" : NULL,
				  input->local };
	struct transfer_request *kept = malloc(sizeof *kept);

	if (!kept) {
		machine_fail(call, &(struct failure){ .kind = FAILURE_NO_MEMORY });
		return;
	}
	*kept = *request;
	memcpy(question.details, details, sizeof details);
	machine_job_start(call, &question, do_nothing, NULL, QUESTION_WORK_MS,
			  &(struct machine_job_end){ .done = take_permission,
						     .failed = take_refusal,
						     .cancelled = free,
						     .data = kept });
}

/* The verb for a type of what is fetched, or NULL. */
static const char *find_verb(const char *type)
{
	static const char *const verbs[][2] = { { "tar", "pull-tar" },
						{ "raw", "pull-raw" },
						{ "oci", "pull-oci" } };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i][0], type) == 0)
			return verbs[i][1];
	return NULL;
}

/* Of a registry's image, digests are checked, and nothing else can be; what is fetched isn't kept. */
static const char *find_wrong_for_registry(const struct machine_input *input)
{
	if (!*input->remote)
		return "remote";
	if (input->verify && strcmp(input->verify, "no") != 0 &&
	    strcmp(input->verify, "checksum") != 0)
		return "verify";
	return input->keeps_download ? "keepDownload" : NULL;
}

/* The first parameter that isn't right, or NULL. */
static const char *find_wrong(const struct machine_input *input)
{
	if (transfer_class_of(input->class) == TRANSFER_CLASS_UNKNOWN)
		return "class";
	if (!find_verb(input->type))
		return "type";
	if (input->local && !image_name_is_valid(input->local))
		return "local";
	if (input->verify && !transfer_verify_is_valid(input->verify))
		return "verify";
	if (input->image_root && *input->image_root != '/')
		return "imageRoot";
	if (strcmp(input->type, "oci") == 0)
		return find_wrong_for_registry(input);
	return transfer_address_is_valid(input->remote) ? NULL : "remote";
}

static bool is_pool(const char *path)
{
	size_t length = strlen(IMAGE_POOL);

	return strncmp(path, IMAGE_POOL, length) == 0 &&
	       strspn(path + length, "/") == strlen(path + length);
}

static bool read_pull(struct varlink_call *call, struct machine_input *input)
{
	static const struct machine_parameter parameters[] = {
		REQUIRED("remote", TEXT, remote),
		PARAMETER("local", TEXT, local),
		REQUIRED("type", TEXT, type),
		REQUIRED("class", TEXT, class),
		PARAMETER("verify", TEXT, verify),
		PARAMETER("force", FLAG, force),
		PARAMETER("readOnly", FLAG, is_read_only),
		PARAMETER("keepDownload", FLAG, keeps_download),
		PARAMETER("imageRoot", TEXT, image_root),
		PARAMETER_INTERACTIVE,
	};
	const char *wrong;

	if (!machine_input_read(input, call, parameters, ARRAY_SIZE(parameters), false))
		return false;
	wrong = find_wrong(input);
	if (wrong) {
		varlink_invalid_parameter(call, wrong);
		return false;
	}
	if (transfer_class_of(input->class) != TRANSFER_CLASS_MACHINE) {
		refuse_unsupported(call, "mymachines has images of machines only");
		return false;
	}
	if (input->image_root && !is_pool(input->image_root)) {
		refuse_unsupported(call, "images are made in " IMAGE_POOL " only");
		return false;
	}
	return true;
}

void answer_pull(struct varlink_call *call)
{
	struct transfer_request request;
	struct machine_input input;

	if (!read_pull(call, &input))
		return;
	request = (struct transfer_request){
		.type = find_verb(input.type),
		.local = input.local,
		.remote = input.remote,
		.verify = strcmp(input.type, "oci") == 0 ? NULL : input.verify ?: "signature",
		.force = input.force,
		.read_only = input.is_read_only,
		.keeps_download = input.keeps_download,
		.fd = -1,
	};
	if (call->peer.uid == 0)
		start_transfer(call, &request);
	else
		ask_for_permission(call, &input, &request);
}

/* As types of Varlink are written: "pull_tar". */
static json_object *describe_type(const char *verb)
{
	CLEANUP_FREE char *type = strdup(verb);

	if (!type)
		arena_out_of_memory();
	for (char *dash = type; (dash = strchr(dash, '-'));)
		*dash = '_';
	return json_object_new_string(type);
}

static json_object *describe_transfer(const struct transfer *t)
{
	json_object *parameters = describe_id(t->id);

	json_object_object_add(parameters, "type", describe_type(t->type));
	json_object_object_add(parameters, "remote",
			       json_object_new_string(transfer_end_name(t->remote)));
	json_object_object_add(parameters, "local",
			       json_object_new_string(transfer_end_name(t->local)));
	json_object_object_add(parameters, "class", json_object_new_string("machine"));
	json_object_object_add(parameters, "percent", json_object_new_double(t->progress));
	return parameters;
}

void answer_list_transfers(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = { PARAMETER("class", TEXT, class) };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct transfer *transfers;
	struct machine_input input;
	struct failure failure;
	size_t count;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	if (input.class && transfer_class_of(input.class) == TRANSFER_CLASS_UNKNOWN) {
		varlink_invalid_parameter(call, "class");
		return;
	}
	if (!call->more) {
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return;
	}
	if (transfer_children_list(&children, &arena, &transfers, &count, &failure) < 0) {
		machine_fail(call, &failure);
		return;
	}
	if (count == 0 ||
	    (input.class && transfer_class_of(input.class) != TRANSFER_CLASS_MACHINE)) {
		varlink_error(call, IMPORT_ERROR("NoTransfers"), NULL);
		return;
	}
	for (size_t i = 0; i + 1 < count; i++)
		varlink_reply_continues(call, describe_transfer(&transfers[i]));
	varlink_reply(call, describe_transfer(&transfers[count - 1]));
}
