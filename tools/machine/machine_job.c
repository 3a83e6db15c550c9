/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_job.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "tools/machine/machine_error.h"
#include "tools/varlink/varlink_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct job {
	struct varlink_call *call;
	struct varlink_server *server;
	struct work work;
	struct machine_job_end end;
};

/* The child's work. */
struct permitted_work {
	const struct machine_question *question;
	work_function *function;
	const void *argument;
};

static bool is_about_own(const struct machine_question *q)
{
	return q->own && may_use_own(q->own, q->peer.uid, q->use);
}

static int permitted_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct permitted_work *permitted = argument;
	struct machine_question question;

	if (permitted->question && !is_about_own(permitted->question)) {
		question = *permitted->question;
		if (question.pidfd >= 0)
			question.pidfd = WORK_KEPT_FD;
		if (machine_authorize(&question, f) < 0)
			return -1;
	}
	return permitted->function(permitted->argument, result, f);
}

struct machine_question machine_question_of(const struct varlink_call *call, const char *action,
					    bool is_interactive)
{
	return (struct machine_question){ .action = action,
					  .is_interactive = is_interactive,
					  .peer = call->peer,
					  .peer_start = call->peer_start,
					  .pidfd = -1 };
}

static void end_job(struct job *job)
{
	varlink_server_unwatch(job->server, job->work.socket);
	work_end(&job->work);
	free(job);
}

/* The call is no longer this job's: its end may begin another. */
static struct varlink_call *release_call(struct job *job)
{
	struct varlink_call *call = job->call;

	call->cancel = NULL;
	call->expire = NULL;
	call->deadline = 0;
	call->data = NULL;
	return call;
}

static void fail_job(struct varlink_call *call, const struct machine_job_end *end,
		     const struct failure *failure)
{
	if (end->failed)
		end->failed(call, failure, end->data);
	else
		machine_fail(call, failure);
}

static void wake_job(void *data)
{
	struct job *job = data;
	struct varlink_call *call = release_call(job);
	struct machine_job_end end = job->end;
	struct failure failure;
	CLEANUP_FREE struct work_result *result = calloc(1, sizeof *result);
	int r = result ? work_receive(&job->work, result, &failure)
		       : failure_errno(&failure, -ENOMEM, "cannot receive from a child process");

	end_job(job);
	if (r < 0) {
		fail_job(call, &end, &failure);
		return;
	}
	end.done(call, result, end.data);
	if (result->fd >= 0)
		close(result->fd);
}

static void cancel_job(struct varlink_call *call)
{
	struct job *job = call->data;
	struct machine_job_end end = job->end;

	end_job(job);
	if (end.cancelled)
		end.cancelled(end.data);
}

static void expire_job(struct varlink_call *call)
{
	struct job *job = call->data;
	struct machine_job_end end = job->end;
	struct failure failure;

	release_call(job);
	end_job(job);
	failure_set(&failure, FAILURE_TIMED_OUT, "the machine has not answered in time");
	fail_job(call, &end, &failure);
}

/* The child, with the caller's pidfd if polkit is to be asked. 0 or -1 with a failure. */
static int start_work(struct job *job, const struct machine_question *question,
		      work_function *function, const void *argument, struct failure *f)
{
	CLEANUP_CLOSE int pidfd =
		question && question->peer.uid != 0 ? varlink_peer_pidfd(job->call) : -1;
	struct machine_question with_pidfd = { 0 };
	struct permitted_work permitted = { question ? &with_pidfd : NULL, function, argument };
	int r;

	if (question) {
		with_pidfd = *question;
		with_pidfd.pidfd = pidfd;
	}
	r = work_start(&job->work, job->call->connection->user, permitted_work, &permitted, pidfd);
	if (r == -EUSERS)
		return failure_set(f, FAILURE_TOO_MANY,
				   "too many calls of this user, or of all users, are under way");
	if (r < 0)
		return failure_errno(f, r, "cannot start a child for the call");
	if (varlink_server_watch(job->server, job->work.socket, wake_job, job, f) == 0)
		return 0;
	work_end(&job->work);
	return -1;
}

void machine_job_start(struct varlink_call *call, const struct machine_question *question,
		       work_function *function, const void *argument, int milliseconds,
		       const struct machine_job_end *end)
{
	struct failure failure;
	struct job *job = calloc(1, sizeof *job);
	int r = job ? 0 : failure_errno(&failure, -ENOMEM, "cannot start a child for the call");

	if (job) {
		*job = (struct job){ .call = call, .server = call->server, .end = *end };
		r = start_work(job, question, function, argument, &failure);
	}
	if (r < 0) {
		free(job);
		fail_job(call, end, &failure);
		return;
	}
	call->data = job;
	call->cancel = cancel_job;
	call->expire = expire_job;
	call->deadline = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds +
			 (question && question->peer.uid != 0 ? MACHINE_QUESTION_MS : 0);
}

void machine_job_reply_nothing(struct varlink_call *call, struct work_result *result, void *data)
{
	(void) result, (void) data;
	varlink_reply(call, NULL);
}
