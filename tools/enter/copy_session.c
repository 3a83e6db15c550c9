/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_session.h"

#include "base/pidfd.h"
#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "host/process.h"
#include "tools/enter/copy_owners.h"
#include "tools/enter/copy_progress.h"
#include "tools/enter/copy_source.h"
#include "tools/enter/copy_target.h"
#include "tools/enter/copy_visit.h"
#include "tools/enter/visitor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

/*
 * How long the visitor may take to remove a partial copy. It may also block for ever in a
 * file system of the machine's.
 */
#define VISITOR_END_MS 2000

/*
 * How long the visitor may do nothing. A slow disk or network may need a while; a file system of
 * the machine's may block it for ever.
 */
#define STALL_MS 60000

/* The half on the host. */
struct host_half {
	const struct copy_session *session;
	const char *machine;
	struct notices *notices;
	struct copy_owners owners;
	struct copy_place place;
	struct copy_stream stream;
	struct copy_progress progress;
};

/* The longest text that is read from the machine. */
#define TEXT_MAX sizeof((struct copy_stream *) 0)->problem

static void add_notice(struct host_half *half, const char *machine, const char *text)
{
	char cut[TEXT_MAX], escaped[ESCAPED_SIZE(sizeof cut)];

	snprintf(cut, sizeof cut, "%s", text);
	copy_progress_clear(&half->progress);
	notices_add(half->notices, NOTICE_WARNING, "%s%s%s", machine, *machine ? ": " : "",
		    escape(cut, escaped));
}

static void report_own(void *data, const char *text)
{
	add_notice(data, "", text);
}

static void report_theirs(void *data, const char *text)
{
	struct host_half *half = data;

	add_notice(half, half->machine, text);
}

/* The target in the machine answers once, at the end. 0 if it has everything, or -1. */
static int receive_answer(struct host_half *half)
{
	struct copy_entry answer;

	half->stream.has_ended = false;
	if (copy_receive(&half->stream, &answer) < 0)
		return -1;
	if (answer.kind == COPY_DONE)
		return 0;
	return answer.kind == COPY_FAILED ? copy_fail_theirs(&half->stream, &answer)
					  : copy_fail_protocol(&half->stream);
}

static int run_source(struct host_half *half)
{
	struct copy_source source = {
		.stream = &half->stream,
		.translate = copy_owners_to_machine,
		.argument = &half->owners,
		.report = report_own,
		.report_data = half,
	};
	int r = copy_source_run(&source, &half->place);

	/* Also if the target has ended early, it has sent the reason. */
	if (!half->stream.signal_number && (r >= 0 || half->stream.has_ended) &&
	    receive_answer(half) < 0)
		return -1;
	return r;
}

static int run_target(struct host_half *half)
{
	struct copy_target target = {
		.stream = &half->stream,
		.replace = half->session->replace,
		.keep = half->session->keep,
		.translate = copy_owners_from_machine,
		.argument = &half->owners,
		.report = report_theirs,
		.report_data = half,
	};

	return copy_target_run(&target, &half->place);
}

/* Block the signals that end a process. From then on, a descriptor has them. */
static int catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction action;

		/* nohup(1) ignores SIGHUP, and this process is to ignore it, too. */
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Why the copy has ended early. Returns -1. */
static int take_problem(const struct host_half *half, struct failure *f)
{
	const struct copy_stream *stream = &half->stream;
	char escaped[ESCAPED_SIZE(TEXT_MAX)];

	if (!*stream->problem)
		return failure_set(f, FAILURE_OTHER,
				   "%s: the process that was sent there was killed", half->machine);
	failure_set(f, failure_kind_of(stream->error), "%s%s%s",
		    stream->is_theirs ? half->machine : "", stream->is_theirs ? ": " : "",
		    escape(stream->problem, escaped));
	f->error = stream->error;
	return -1;
}

/* Copy, now that the visitor is there. */
static int run_half(struct host_half *half, struct visitor *visitor, struct copy_result *result,
		    struct failure *f)
{
	struct copy_stream *stream = &half->stream;
	int r;

	if (visitor_receive(visitor, &stream->socket, 1, f) < 0)
		return -1;
	if (!is_socket(stream->socket))
		return visitor_tampered(visitor, f);
	if (visitor_release(visitor, f) < 0)
		return -1;
	stream->signals = catch_signals();
	/* If nobody reads the notices any more, the copy goes on. */
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	copy_progress_start(&half->progress, half->session->progress);
	stream->progress = &half->progress;
	r = half->session->to_machine ? run_source(half) : run_target(half);
	copy_progress_clear(&half->progress);
	result->is_partial = r == 1;
	result->signal_number = stream->signal_number;
	return r < 0 && !stream->signal_number ? take_problem(half, f) : 0;
}

static int open_own_place(struct host_half *half, struct failure *f)
{
	const struct copy_session *session = half->session;
	char escaped[ESCAPED_SIZE(PATH_MAX)], cut[PATH_MAX];
	int r = copy_place_open(&half->place, session->here);

	snprintf(cut, sizeof cut, "%s", session->here);
	escape(cut, escaped);
	if (r == 0 && session->to_machine) {
		r = copy_source_check(&half->place);
		if (r == -EOPNOTSUPP)
			return failure_set(f, FAILURE_NOT_SUPPORTED,
					   "%s: is a socket or device, which isn't copied",
					   escaped);
	}
	return r < 0 ? failure_errno(f, r, "%s", escaped) : 0;
}

static int send_visitor(struct host_half *half, const struct entrance *entrance,
			struct copy_result *result, struct failure *f)
{
	struct copy_session session = *half->session;
	struct visitor visitor;
	int r;

	if (visitor_send(&visitor, entrance, copy_visit, &session, half->notices, f) < 0)
		return -1;
	r = run_half(half, &visitor, result, f);
	/* This tells the visitor that the copy has ended. */
	cleanup_close(&half->stream.socket);
	half->stream.socket = -1;
	visitor_end(&visitor, VISITOR_END_MS);
	return r;
}

static int run_copy(struct host_half *half, const struct entrance *entrance,
		    struct copy_result *result, struct failure *f)
{
	int r = copy_owners_read(&half->owners, entrance->leader);

	if (r == 0 && !pidfd_is_alive(entrance->pidfd))
		r = -ESRCH;
	if (r < 0)
		return failure_errno(f, r, "%s: cannot read the id maps of its leader",
				     half->machine);
	if (open_own_place(half, f) < 0)
		return -1;
	r = send_visitor(half, entrance, result, f);
	copy_place_close(&half->place);
	return r;
}

int copy_session_run(const struct copy_session *session, const struct entrance *entrance,
		     struct copy_result *result, struct notices *notices, struct failure *f)
{
	CLEANUP_FREE struct host_half *half = calloc(1, sizeof *half);

	*result = (struct copy_result){ 0 };
	if (!half)
		return failure_errno(f, -ENOMEM, "cannot copy");
	half->session = session;
	half->stream.stall_ms = STALL_MS;
	half->machine = entrance->machine;
	half->notices = notices;
	half->place.directory = half->stream.socket = half->stream.signals = -1;
	snprintf(half->stream.path, sizeof half->stream.path, "%s", session->here);
	return run_copy(half, entrance, result, f);
}
