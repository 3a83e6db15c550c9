/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * List: one machine, or all in a stream. A stream holds the snapshot that was
 * published when it began, and goes on as its client reads.
 */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/calls/enter_work.h"
#include "tools/machine/machine_describe.h"
#include "tools/machine/machine_error.h"
#include "tools/machine/machine_job.h"
#include "tools/machine/machine_methods.h"
#include "tools/machine/machine_who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whether what the registry hasn't is looked for; a machine that lacks it is an error, or isn't. */
enum metadata { METADATA_NO, METADATA_YES, METADATA_GRACEFUL };

struct listing {
	struct varlink_call *call;
	struct call_target target; /* the machine that is described; its snapshot is that of all */
	bool is_single;		   /* that one alone */
	bool has_begun;
	char folded[MACHINE_NAME_SIZE]; /* of the machine before */
	enum metadata metadata;
	json_object *described; /* the machine, until all is known */
	json_object *waiting;	/* one that is: whether it is the last isn't */

	bool is_stepping;  /* step() or complete() runs, and goes on when it can */
	bool is_waiting;   /* for a child */
	bool is_cancelled; /* the client has gone meanwhile */
};

static void free_listing(struct listing *l)
{
	json_object_put(l->described);
	json_object_put(l->waiting);
	call_target_close(&l->target);
	free(l);
}

static void drop_listing(void *data)
{
	struct listing *l = data;

	if (l->is_stepping)
		l->is_cancelled = true;
	else
		free_listing(l);
}

static void cancel_listing(struct varlink_call *call)
{
	drop_listing(call->data);
}

static void step(struct listing *l);

static void resume_listing(struct varlink_call *call)
{
	step(call->data);
}

/* While no child works for it. */
static void own_call(struct listing *l)
{
	l->call->data = l;
	l->call->cancel = cancel_listing;
	l->call->resume = resume_listing;
}

/* The next machine whose leader may live. 1; 0 after the last; or a negative errno. */
static int find_next(struct listing *l)
{
	struct call_target *target = &l->target;

	if (l->is_single || !l->has_begun) {
		bool is_first = !l->has_begun;

		l->has_begun = true;
		return is_first;
	}
	target->is_host = false;
	while (target->snapshot.is_open) {
		int r = snapshot_next(&target->snapshot, l->folded, &target->machine);

		if (r < 0)
			return r == -ENOENT ? 0 : r;
		if (leader_state(&target->machine.leader, &target->snapshot.meta.context, NULL) ==
		    LEADER_DEAD)
			continue;
		target->name = target->machine.name;
		return 1;
	}
	return 0;
}

/* All ends with an error, or with what is known. Nothing may follow. */
static void finish(struct listing *l, const char *error)
{
	struct varlink_call *call = l->call;
	json_object *last = l->waiting;

	l->waiting = NULL;
	call->cancel = NULL;
	call->resume = NULL;
	l->is_cancelled = true;
	if (error) {
		json_object_put(last);
		machine_refuse(call, error);
	} else {
		varlink_reply(call, last);
	}
}

static void finish_with_failure(struct listing *l, const struct failure *f)
{
	l->call->cancel = NULL;
	l->call->resume = NULL;
	l->is_cancelled = true;
	machine_fail(l->call, f);
}

/* A machine is described. The one before isn't the last. */
static void pass_on(struct listing *l)
{
	json_object *before = l->waiting;

	l->waiting = l->described;
	l->described = NULL;
	if (before)
		varlink_reply_continues(l->call, before);
}

/* Add the facts that the record lacks. Returns the error if one is missing. */
static const char *add_rest(struct listing *l)
{
	const struct call_target *target = &l->target;

	if (machine_describe_shift(l->described, target) || l->metadata == METADATA_GRACEFUL)
		return NULL;
	return target->is_host || target->machine.class == MACHINE_CONTAINER
		       ? MACHINE_ERROR("NoUIDShift")
		       : MACHINE_ERROR("NotAvailable");
}

static void complete(struct listing *l, const char *error)
{
	bool was_stepping = l->is_stepping;

	l->is_waiting = false;
	own_call(l);
	if (!error)
		error = add_rest(l);
	/* A client that has left is noticed when something is sent to it: step() frees the listing then. */
	l->is_stepping = true;
	if (error)
		finish(l, error);
	else
		pass_on(l);
	l->is_stepping = was_stepping;
	if (!was_stepping)
		step(l);
}

static void add_os_release(struct varlink_call *call, struct work_result *result, void *data)
{
	struct listing *l = data;

	(void) call;
	machine_describe_os_release(l->described, result->text, result->size);
	complete(l, NULL);
}

static void lack_os_release(struct varlink_call *call, const struct failure *f, void *data)
{
	struct listing *l = data;

	(void) call, (void) f;
	complete(l,
		 l->metadata == METADATA_GRACEFUL ? NULL : MACHINE_ERROR("NoOSReleaseInformation"));
}

static void add_metadata(struct listing *l)
{
	const struct call_target *target = &l->target;

	bool is_vm = !target->is_host && !call_target_is_container(target);

	if (!machine_describe_addresses(l->described, target) && l->metadata == METADATA_YES &&
	    !is_vm) {
		finish(l, MACHINE_ERROR("NoPrivateNetworking"));
		return;
	}
	if (is_vm) {
		complete(l, l->metadata == METADATA_YES ? MACHINE_ERROR("NotAvailable") : NULL);
		return;
	}
	l->is_waiting = true;
	l->call->resume = NULL;
	machine_job_start(l->call, NULL, os_release_work, target, FILE_WORK_MS,
			  &(struct machine_job_end){ .done = add_os_release,
						     .failed = lack_os_release,
						     .cancelled = drop_listing,
						     .data = l });
}

/* Describe machines until there is no more, or something has to be waited for. */
static void step(struct listing *l)
{
	l->is_stepping = true;
	while (!l->is_cancelled && !l->is_waiting && varlink_has_room(l->call)) {
		struct failure failure;
		int r = find_next(l);

		if (r < 0) {
			registry_failure(&failure, REGISTRY_PATH, r);
			finish_with_failure(l, &failure);
		} else if (r == 0) {
			finish(l, NULL);
		} else {
			l->described = machine_describe(&l->target);
			if (l->metadata == METADATA_NO)
				pass_on(l);
			else
				add_metadata(l);
		}
	}
	l->is_stepping = false;
	if (l->is_cancelled)
		free_listing(l);
}

static bool read_metadata(const struct machine_input *input, enum metadata *metadata)
{
	static const char *const names[] = { "no", "yes", "graceful" };

	*metadata = METADATA_NO;
	for (size_t i = 0; input->metadata && i < ARRAY_SIZE(names); i++) {
		*metadata = (enum metadata) i;
		if (strcmp(input->metadata, names[i]) == 0)
			return true;
	}
	return !input->metadata;
}

/* The machine that is asked for, or the first of all, which is the host. False if the call has been answered. */
static bool begin(struct listing *l, const struct machine_input *input)
{
	struct failure failure;

	if (l->is_single)
		return machine_who_open(&l->target, l->call, input);
	l->target.is_host = true;
	l->target.name = ".host";
	if (registry_open(&l->target.snapshot, &failure) == 0)
		return true;
	machine_fail(l->call, &failure);
	return false;
}

void answer_list(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETERS_WHO,
		PARAMETER("acquireMetadata", TEXT, metadata),
	};
	struct machine_input input;
	struct listing *l;
	enum metadata metadata;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	if (!read_metadata(&input, &metadata)) {
		varlink_invalid_parameter(call, "acquireMetadata");
		return;
	}
	if (!input.name && !input.pid.is_given && !call->more) {
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return;
	}
	l = calloc(1, sizeof *l);
	if (!l) {
		machine_fail(call, &(struct failure){ .kind = FAILURE_NO_MEMORY });
		return;
	}
	*l = (struct listing){ .call = call,
			       .metadata = metadata,
			       .is_single = input.name || input.pid.is_given };
	if (!begin(l, &input)) {
		free_listing(l);
		return;
	}
	own_call(l);
	step(l);
}
