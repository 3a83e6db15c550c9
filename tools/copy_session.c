/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/copy_session.h"

#include "registry/cleanup.h"
#include "tools/arena.h"
#include "tools/copy_owners.h"
#include "tools/copy_progress.h"
#include "tools/copy_source.h"
#include "tools/copy_target.h"
#include "tools/entrance.h"
#include "tools/format.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/terminal_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* For the visitor to take back what it has begun; in a file system of the machine's it may hang. */
#define FAREWELL_MS 2000

/* This much of what a machine has to say is read. */
#define WORDS_MAX ((size_t) PATH_MAX + 1024)

/* The half on the host. */
struct host_half {
	const struct copy_session *session;
	const char *machine;
	struct copy_owners owners;
	struct copy_place place;
	struct copy_stream stream;
};

/* It has to go through all of it, and to be there at the end. */
static void settle(void)
{
	struct rlimit limit;

	/* Whoever sent it closes the socket: then it takes back what it has begun, and ends. */
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(0);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void open_place(int socket, const struct copy_session *session, struct copy_place *place)
{
	int r = copy_place_open(place, session->there);

	if (r < 0)
		visitor_fail(socket, -r, "cannot get to %.150s", session->there);
	r = session->to_machine ? 0 : copy_source_check(place);
	if (r == -EOPNOTSUPP)
		visitor_fail(socket, 0, "%.150s is a socket or device, which isn't copied",
			     session->there);
	if (r < 0)
		visitor_fail(socket, -r, "%.150s", session->there);
}

static int open_channel(int socket)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		visitor_fail(socket, errno, "cannot make a socket there");
	visitor_hand_over(socket, &ends[0], 1);
	close(ends[0]);
	close(socket);
	return ends[1];
}

/* In the machine: entrance.h has what that means. */
static void visit(int socket, void *argument)
{
	const struct copy_session *session = argument;
	struct copy_stream *stream = calloc(1, sizeof *stream);
	struct copy_source source = { .stream = stream };
	struct copy_target target = { .stream = stream, .replace = session->replace };
	struct copy_entry answer = { .kind = COPY_DONE };
	struct copy_place place;
	int r;

	if (!stream)
		visitor_fail(socket, ENOMEM, "cannot copy");
	open_place(socket, session, &place);
	stream->signals = -1;
	snprintf(stream->path, sizeof stream->path, "%s", session->there);
	stream->socket = open_channel(socket);
	settle();
	if (session->to_machine)
		r = copy_target_run(&target, &place);
	else
		r = copy_source_run(&source, &place);
	if (r < 0)
		answer.kind = COPY_FAILED;
	if (r < 0 || session->to_machine)
		copy_send(stream, &answer, stream->problem, strlen(stream->problem));
	_exit(EXIT_SUCCESS);
}

static void complain_words(const char *machine, const char *words)
{
	char text[WORDS_MAX + 1], escaped[ESCAPED_SIZE(sizeof text)];

	copy_progress_clear();
	snprintf(text, sizeof text, "%s", words);
	complain("%s%s%s", machine ?: "", machine ? ": " : "", escape(text, escaped));
}

/* Of the host's own. */
static void say_here(struct copy_stream *stream, const char *words, bool is_failure)
{
	(void) stream, (void) is_failure;
	complain_words(NULL, words);
}

static void say_there(struct copy_stream *stream, const char *words, bool is_failure)
{
	const struct host_half *half =
		(void *) ((char *) stream - offsetof(struct host_half, stream));

	(void) is_failure;
	complain_words(half->machine, words);
}

/* What the visitor says in the end. 0 if all is there. */
static int take_answer(struct host_half *half)
{
	struct copy_entry answer;

	half->stream.has_ended = false;
	if (copy_receive(&half->stream, &answer) < 0)
		return -1;
	if (answer.kind == COPY_DONE)
		return 0;
	if (answer.kind != COPY_FAILED)
		return copy_fail_order(&half->stream);
	complain_words(half->machine, half->stream.payload);
	half->stream.is_said = true;
	return -1;
}

static int run_source(struct host_half *half)
{
	struct copy_source source = {
		.stream = &half->stream,
		.translate = copy_owners_to_machine,
		.argument = &half->owners,
		.say = say_here,
	};
	int r = copy_source_run(&source, &half->place);

	/* If it has gone, it has said why. */
	if (!half->stream.signal_number && (r >= 0 || half->stream.has_ended) &&
	    take_answer(half) < 0)
		return -1;
	return r;
}

static int run_target(struct host_half *half)
{
	struct copy_target target = {
		.stream = &half->stream,
		.replace = half->session->replace,
		.translate = copy_owners_from_machine,
		.argument = &half->owners,
		.say = say_there,
	};

	return copy_target_run(&target, &half->place);
}

/* Signals that end this are read from the descriptor from here on. */
static int catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction action;

		/* nohup(1) has it that way. */
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until the visitor has ended, but not for ever: it may wait for what the machine never does. */
static void part_with(struct visitor *visitor)
{
	struct pollfd pidfd = { .fd = (int) syscall(SYS_pidfd_open, visitor->pid, 0),
				.events = POLLIN };

	if (pidfd.fd >= 0 && poll(&pidfd, 1, FAREWELL_MS) == 0) {
		kill(visitor->pid, SIGKILL);
		poll(&pidfd, 1, FAREWELL_MS);
	}
	waitpid(visitor->pid, NULL, WNOHANG);
	cleanup_close(&pidfd.fd);
	visitor->pid = -1;
	visitor_dismiss(visitor);
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* With the visitor there. */
static int run_half(struct host_half *half, struct visitor *visitor)
{
	struct copy_stream *stream = &half->stream;
	int r;

	if (visitor_take(visitor, half->machine, &stream->socket, 1) < 0)
		return -1;
	if (!is_socket(stream->socket)) {
		complain("%s: what was sent there has been tampered with", half->machine);
		return -1;
	}
	if (visitor_go(visitor, half->machine) < 0)
		return -1;
	stream->signals = catch_signals();
	/* Where nobody hears what is left out, the rest goes on. */
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	if (!half->session->is_quiet)
		copy_progress_start(stream);
	r = half->session->to_machine ? run_source(half) : run_target(half);
	copy_progress_clear();
	if (r >= 0 || stream->is_said || stream->signal_number)
		return r;
	if (*stream->problem)
		complain_words(NULL, stream->problem);
	else
		complain("%s: the process that was sent there was killed", half->machine);
	return r;
}

static int open_here(struct host_half *half)
{
	const struct copy_session *session = half->session;
	char text[WORDS_MAX];
	int r = copy_place_open(&half->place, session->here);
	const char *why = r < 0 ? strerror(-r) : NULL;

	if (r == 0 && session->to_machine)
		r = copy_source_check(&half->place);
	if (r < 0 && !why)
		why = r == -EOPNOTSUPP ? "is a socket or device, which isn't copied" : strerror(-r);
	if (r < 0) {
		snprintf(text, sizeof text, "%s: %s", session->here, why);
		complain_words(NULL, text);
	}
	return r < 0 ? -1 : 0;
}

static int send_and_run(struct host_half *half, const struct entrance *entrance)
{
	struct copy_session session = *half->session;
	struct visitor visitor;
	int r, status;

	if (entrance_send(entrance, visit, &session, &visitor) < 0)
		return EXIT_FAILURE;
	r = run_half(half, &visitor);
	status = r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	/* With this, the visitor knows. */
	cleanup_close(&half->stream.socket);
	cleanup_close(&visitor.socket);
	visitor.socket = -1;
	part_with(&visitor);
	if (half->stream.signal_number) {
		terminal_session_raise(half->stream.signal_number);
		status = 128 + half->stream.signal_number;
	}
	return status;
}

static int run(struct host_half *half, const struct entrance *entrance)
{
	int r = copy_owners_read(&half->owners, entrance->leader), status;

	if (r == 0 && !leader_is_running(entrance->pidfd))
		r = -ESRCH;
	if (r < 0) {
		complain("%s: leader %u: %s", half->machine, entrance->leader, error_words(r));
		return EXIT_FAILURE;
	}
	if (open_here(half) < 0)
		return EXIT_FAILURE;
	status = send_and_run(half, entrance);
	copy_place_close(&half->place);
	return status;
}

static int complain_vm(const struct machine *machine)
{
	complain("%s: is a virtual machine, whose files can't be reached from here; use scp",
		 machine->name);
	return -1;
}

static int find(const struct copy_session *session, struct arena *arena, const char **name,
		struct entrance *entrance)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine machine;

	if (open_registry(&snapshot) < 0 || find_machine(&snapshot, session->machine, &machine) < 0)
		return -1;
	if (machine.class == MACHINE_VM)
		return complain_vm(&machine);
	if (entrance_open(entrance, &machine, &snapshot.meta.origin) < 0)
		return -1;
	/* Nothing of the registry is to be in the memory of who goes in. */
	*name = entrance->subject = arena_strdup(arena, machine.name);
	return 0;
}

int copy_session_run(const struct copy_session *session)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct host_half *half = arena_alloc(&arena, sizeof *half);

	half->session = session;
	half->place.directory = half->stream.socket = half->stream.signals = -1;
	snprintf(half->stream.path, sizeof half->stream.path, "%s", session->here);
	if (find(session, &arena, &half->machine, &entrance) < 0)
		return EXIT_FAILURE;
	return run(half, &entrance);
}
