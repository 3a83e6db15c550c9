/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_visit.h"

#include "tools/enter/copy_session.h"
#include "tools/enter/copy_source.h"
#include "tools/enter/copy_target.h"
#include "tools/enter/visitor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Survive the caller's exit and write errors, so that a partial copy can be removed. */
static void prepare_visitor(void)
{
	struct rlimit limit;

	/* If the caller exits, its end of the socket is closed, and the copy fails by that. */
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(0);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_place(const struct copy_session *session, struct copy_place *place,
		      struct failure *f)
{
	int r = copy_place_open(place, session->there);

	if (r < 0)
		return failure_errno(f, r, "cannot open the directory of %.150s", session->there);
	r = session->to_machine ? 0 : copy_source_check(place);
	if (r == -EOPNOTSUPP)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%.150s is a socket or device, which isn't copied",
				   session->there);
	return r < 0 ? failure_errno(f, r, "%.150s", session->there) : 0;
}

static int open_stream(int socket, struct copy_stream *stream, struct failure *f)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(f, -errno, "cannot make a socket there");
	visitor_hand_over(socket, &ends[0], 1);
	close(ends[0]);
	close(socket);
	stream->socket = ends[1];
	return 0;
}

static void run_half(const struct copy_session *session, struct copy_stream *stream,
		     const struct copy_place *place)
{
	struct copy_source source = { .stream = stream };
	struct copy_target target = { .stream = stream,
				      .replace = session->replace,
				      .keep = session->keep };
	struct copy_entry answer = { .kind = COPY_DONE };
	int r = session->to_machine ? copy_target_run(&target, place)
				    : copy_source_run(&source, place);

	if (r < 0) {
		answer.kind = COPY_FAILED;
		answer.offset = (uint64_t) -stream->error;
	}
	if (r < 0 || session->to_machine)
		copy_send(stream, &answer, stream->problem, strlen(stream->problem));
}

int copy_visit(int socket, void *argument, struct failure *f)
{
	const struct copy_session *session = argument;
	struct copy_stream *stream = calloc(1, sizeof *stream);
	struct copy_place place;

	if (!stream)
		return failure_errno(f, -ENOMEM, "cannot copy");
	stream->signals = -1;
	snprintf(stream->path, sizeof stream->path, "%s", session->there);
	if (open_place(session, &place, f) < 0 || open_stream(socket, stream, f) < 0)
		return -1;
	prepare_visitor();
	run_half(session, stream, &place);
	/* The visitor exits, which frees everything. */
	return 0;
}
