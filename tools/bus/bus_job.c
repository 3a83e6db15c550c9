/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_job.h"

#include "base/cleanup.h"
#include "tools/bus/bus_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct job {
	struct bus *bus;
	sd_bus_message *call;
	bus_job_reply *reply;
	sd_bus_message_handler_t handler; /* which may be called again, or NULL */
	struct work work;
	sd_event_source *readable, *deadline;
	sd_bus_slot *owner; /* of the match that tells that the client has left */
};

static void end_job(struct job *job)
{
	sd_event_source_unref(job->readable);
	sd_event_source_unref(job->deadline);
	sd_bus_slot_unref(job->owner);
	work_end(&job->work);
	sd_bus_message_unref(job->call);
	job->bus->n_jobs--;
	bus_consider_idle(job->bus);
	free(job);
}

static void answer_failure(struct job *job, const struct failure *failure)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	bus_fail_call(&error, job->call, failure);
	sd_bus_reply_method_error(job->call, &error);
	sd_bus_error_free(&error);
}

/* By an errno alone, too, so that no caller waits for an answer that doesn't come. */
static void answer_result(struct job *job, const struct work_result *result)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = job->reply(job->bus, job->call, result, &error);

	if (r < 0 || sd_bus_error_is_set(&error))
		sd_bus_reply_method_errno(job->call, r, &error);
	sd_bus_error_free(&error);
}

static void answer_again(struct job *job)
{
	job->bus->again = job->call;
	bus_call_again(job->call, job->handler, job->bus);
	job->bus->again = NULL;
}

static int on_readable(sd_event_source *source, int socket, uint32_t events, void *data)
{
	struct job *job = data;
	CLEANUP_FREE struct work_result *result = calloc(1, sizeof *result);
	struct failure failure;

	(void) source, (void) socket, (void) events;
	if (!result) {
		failure_errno(&failure, -ENOMEM,
			      "cannot receive from the process that does the work");
		answer_failure(job, &failure);
	} else if (work_receive(&job->work, result, &failure) < 0) {
		if (failure.kind == FAILURE_NOT_OWN && job->handler)
			answer_again(job);
		else
			answer_failure(job, &failure);
	} else {
		if (!job->reply)
			answer_again(job);
		else
			answer_result(job, result);
		if (result->fd >= 0)
			close(result->fd);
	}
	end_job(job);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t now, void *data)
{
	struct job *job = data;
	struct failure failure;

	(void) source, (void) now;
	failure_set(&failure, FAILURE_TIMED_OUT, "the machine or image has not answered in time");
	answer_failure(job, &failure);
	end_job(job);
	return 0;
}

static int on_owner_changed(sd_bus_message *signal, void *data, sd_bus_error *error)
{
	(void) signal, (void) error;
	end_job(data);
	return 0;
}

static int watch_child(struct job *job, int milliseconds)
{
	sd_event *event = job->bus->event;
	uint64_t now;
	int r;

	r = sd_event_add_io(event, &job->readable, job->work.socket, EPOLLIN, on_readable, job);
	if (r >= 0)
		r = sd_event_now(event, CLOCK_MONOTONIC, &now);
	if (r >= 0)
		r = sd_event_add_time(event, &job->deadline, CLOCK_MONOTONIC,
				      now + (uint64_t) milliseconds * 1000, 0, on_deadline, job);
	return r;
}

/* A new job of this user's, whose child runs. NULL with a negative errno in `r`. */
static struct job *start_job(struct bus *bus, sd_bus_message *call, uid_t user,
			     work_function *function, const void *argument, int *r)
{
	struct job *job = calloc(1, sizeof *job);

	*r = job ? work_start(&job->work, user, function, argument, -1) : -ENOMEM;
	if (*r < 0) {
		free(job);
		return NULL;
	}
	job->bus = bus;
	job->call = sd_bus_message_ref(call);
	bus->n_jobs++;
	return job;
}

static int begin_job(struct bus *bus, sd_bus_message *call, work_function *function,
		     const void *argument, bus_job_reply *reply, int milliseconds,
		     sd_bus_message_handler_t handler, sd_bus_error *error)
{
	uid_t owner;
	struct job *job;
	int r = bus_caller_owner(bus, call, &owner);

	if (r < 0)
		return sd_bus_error_set_errno(error, r);
	job = start_job(bus, call, owner, function, argument, &r);
	if (r == -EUSERS)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"Too many calls of this user, or of all users, are under way.");
	if (job) {
		job->reply = reply;
		job->handler = handler;
		r = watch_child(job, milliseconds);
		if (r >= 0)
			r = bus_watch_caller(call, &job->owner, on_owner_changed, job);
		if (r < 0)
			end_job(job);
	}
	return r < 0 ? sd_bus_error_set_errno(error, r) : 1;
}

int bus_job_start(struct bus *bus, sd_bus_message *call, work_function *function,
		  const void *argument, bus_job_reply *reply, int milliseconds, sd_bus_error *error)
{
	return begin_job(bus, call, function, argument, reply, milliseconds, NULL, error);
}

int bus_job_start_again(struct bus *bus, sd_bus_message *call, work_function *function,
			const void *argument, bus_job_reply *reply, int milliseconds,
			sd_bus_message_handler_t handler, sd_bus_error *error)
{
	return begin_job(bus, call, function, argument, reply, milliseconds, handler, error);
}
