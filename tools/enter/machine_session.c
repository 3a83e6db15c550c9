/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/machine_session.h"

#include "base/pidfd.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "tools/enter/machine_terminal.h"
#include "tools/enter/pipe_session.h"
#include "tools/enter/session_visit.h"
#include "tools/enter/terminal_session.h"
#include "tools/enter/visitor.h"

#include <errno.h>
#include <string.h>

/* Wait until the program has ended. Its exit status, or -1 with a failure. */
static int wait_for_program(struct visitor *visitor, struct failure *f)
{
	int status, r = child_wait(visitor->pid, &status);

	visitor->pid = -1;
	if (r < 0)
		return failure_errno(f, r, "%s: cannot wait for the program", visitor->machine);
	return child_exit_status(status);
}

static int run_on_pipes(struct visitor *visitor, int pidfd, struct machine_session_result *result,
			struct failure *f)
{
	int pipes[PIPE_SESSION_FDS];

	if (visitor_receive(visitor, pipes, PIPE_SESSION_FDS, f) < 0 ||
	    visitor_release(visitor, f) < 0)
		return -1;
	if (pipe_session_run(pipes, pidfd, f) < 0) {
		/* Its output is lost, but the program may go on. */
		visitor->pid = -1;
		return -1;
	}
	result->status = wait_for_program(visitor, f);
	return result->status < 0 ? -1 : 0;
}

static void show_connected(FILE *messages, const char *machine)
{
	if (messages)
		fprintf(messages,
			"Connected to machine %s. Press ^] three times within 1s to exit "
			"session.\n",
			machine);
}

static void show_terminated(FILE *messages, const char *machine, char last)
{
	if (messages)
		fprintf(messages, "%sConnection to machine %s terminated.\n",
			last == '\n' ? "" : "\n", machine);
}

static int run_on_terminal(const struct machine_session *session, struct visitor *visitor,
			   int pidfd, struct machine_session_result *result, struct failure *f)
{
	CLEANUP_CLOSE int master = -1;
	struct terminal_session_end end;

	if (visitor_receive(visitor, &master, 1, f) < 0)
		return -1;
	if (!machine_terminal_is_master(master))
		return visitor_tampered(visitor, f);
	terminal_session_prepare(master);
	if (visitor_release(visitor, f) < 0)
		return -1;
	show_connected(session->messages, visitor->machine);
	end = terminal_session_run(master, pidfd);
	/* This hangs up the terminal: its processes get SIGHUP. */
	close(master);
	master = -1;
	show_terminated(session->messages, visitor->machine, end.last);
	result->signal_number = end.signal_number;
	if (end.signal_number || end.by_user) {
		/* The program may go on after the hang-up. */
		visitor->pid = -1;
		return 0;
	}
	result->status = wait_for_program(visitor, f);
	return result->status < 0 ? -1 : 0;
}

static int run_session(const struct machine_session *session, bool has_terminal,
		       struct visitor *visitor, struct machine_session_result *result,
		       struct failure *f)
{
	CLEANUP_CLOSE int pidfd = pidfd_of(visitor->pid);

	if (pidfd < 0)
		return failure_errno(f, pidfd, "%s: cannot watch the visitor", visitor->machine);
	return has_terminal ? run_on_terminal(session, visitor, pidfd, result, f)
			    : run_on_pipes(visitor, pidfd, result, f);
}

int machine_session_run(const struct machine_session *session, const struct entrance *entrance,
			struct machine_session_result *result, struct notices *notices,
			struct failure *f)
{
	/* A copy, because the visitor wipes the environment. */
	CLEANUP_FREE char *term = strdup(getenv("TERM") ?: "");
	struct session_visit visit = {
		.session = session,
		.has_terminal = terminal_session_is_possible(),
		.term = term,
	};
	struct visitor visitor;
	int r;

	*result = (struct machine_session_result){ 0 };
	if (!term)
		return failure_errno(f, -ENOMEM, "%s: cannot run a program", entrance->machine);
	if (visitor_send(&visitor, entrance, session_visit, &visit, notices, f) < 0)
		return -1;
	r = run_session(session, visit.has_terminal, &visitor, result, f);
	visitor_end(&visitor, 0);
	return r;
}
