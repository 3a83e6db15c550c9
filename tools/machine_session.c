/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine_session.h"

#include "registry/cleanup.h"
#include "tools/arena.h"
#include "tools/entrance.h"
#include "tools/machine_terminal.h"
#include "tools/machine_user.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/pipe_session.h"
#include "tools/terminal_session.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What the visitor works with. */
struct visit {
	const struct machine_session *session;
	bool has_terminal;
	const char *term; /* the caller's TERM, if it is any */
};

/* "NAME=VALUE" in place of what was there under that name, or at the end. */
static void set_variable(char **environment, char *setting)
{
	size_t length = strcspn(setting, "=") + 1, i = 0;

	while (environment[i] && strncmp(environment[i], setting, length) != 0)
		i++;
	environment[i] = setting;
}

static void make_environment(const struct visit *visit, const struct machine_user *user,
			     struct arena *arena)
{
	const struct string_list *settings = &visit->session->settings;
	/* Six, what was said, and NULL. */
	char **e = arena_alloc(arena, (settings->count + 7) * sizeof *e);

	set_variable(e, arena_printf(arena, "PATH=%s", DEFAULT_PATH));
	set_variable(e, arena_printf(arena, "HOME=%s", user->home));
	set_variable(e, arena_printf(arena, "USER=%s", user->name));
	set_variable(e, arena_printf(arena, "LOGNAME=%s", user->name));
	set_variable(e, arena_printf(arena, "SHELL=%s", user->shell));
	if (visit->has_terminal && visit->term && *visit->term)
		set_variable(e, arena_printf(arena, "TERM=%s", visit->term));
	for (size_t i = 0; i < settings->count; i++)
		set_variable(e, settings->items[i]);
	environ = e;
}

static void find_user(int socket, const char *name, struct machine_user *user)
{
	int r = machine_user_find(name, user);

	if (r == -ENOENT)
		visitor_fail(socket, 0, "has no user '%s'", name);
	if (r == -E2BIG)
		visitor_fail(socket, 0, "user '%s' is in too many groups", name);
	if (r == -EINVAL)
		visitor_fail(socket, 0, "its /etc/passwd is no regular file");
	if (r < 0)
		visitor_fail(socket, -r, "cannot read its /etc/passwd");
}

static void become(int socket, const struct machine_user *user)
{
	int r = machine_user_become(user);

	if (r == -EINVAL)
		visitor_fail(socket, 0,
			     "user '%s' is %u:%u, and one of its ids is not in the machine's maps",
			     user->name, user->uid, user->gid);
	if (r < 0)
		visitor_fail(socket, -r, "cannot become user '%s'", user->name);
	/* Its own, rather than the empty one of root's that it has, if there may be more of them. */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	/* Where there is no terminal to hang up, who sent it still tells it by dying. */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
}

static void open_terminal(int socket, int *master, int *slave)
{
	int r = machine_terminal_open(master, slave);

	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ENODEV || r == -ENXIO)
		visitor_fail(socket, 0,
			     "has no terminals: its /dev/ptmx and /dev/pts/ptmx lead to none; "
			     "a command works without one, behind '| cat'");
	if (r < 0)
		visitor_fail(socket, -r, "cannot open a terminal of its own");
}

/* The standard descriptors. What else there is closes by itself. */
static void take_place(int socket, const int fds[static 3])
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(fds[fd], fd) < 0)
			visitor_fail(socket, errno, "cannot set its standard descriptors");
}

static void use_terminal(int socket, const struct machine_user *user)
{
	int master, slave;

	open_terminal(socket, &master, &slave);
	/* So that the user may open it by its path, too. Some file systems won't. */
	(void) !fchown(slave, user->uid, (gid_t) -1);
	become(socket, user);
	visitor_hand_over(socket, &master, 1);
	close(master);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		visitor_fail(socket, errno, "cannot get a terminal of its own");
	take_place(socket, (int[]){ slave, slave, slave });
}

static void use_pipes(int socket, const struct machine_user *user)
{
	int own[PIPE_SESSION_FDS], others[PIPE_SESSION_FDS], r;

	/* Made by the user, who may then open /dev/stdout. */
	become(socket, user);
	r = pipe_session_open(own, others);
	if (r < 0)
		visitor_fail(socket, -r, "cannot make pipes");
	visitor_hand_over(socket, others, PIPE_SESSION_FDS);
	for (int i = 0; i < PIPE_SESSION_FDS; i++)
		close(others[i]);
	take_place(socket, own);
}

static void __attribute__((noreturn)) execute_shell(int socket, const struct machine_user *user)
{
	const char *base = strrchr(user->shell, '/') + 1;
	char name[PATH_MAX + 1];

	snprintf(name, sizeof name, "-%s", base);
	execv(user->shell, (char *[]){ name, NULL });
	visitor_fail(socket, errno, "%s", user->shell);
}

static void __attribute__((noreturn))
execute(int socket, const struct machine_session *session, const struct machine_user *user)
{
	const struct machine_program *program = session->programs;

	for (size_t i = 0; i < session->n_programs; i++) {
		program = &session->programs[i];
		if (!program->file)
			execute_shell(socket, user);
		execvp(program->file, program->arguments);
		if (errno != ENOENT && errno != ENOTDIR)
			break;
	}
	if (session->missing && errno == ENOENT)
		visitor_fail(socket, 0, "%s", session->missing);
	visitor_fail(socket, errno, "%s", program->file);
}

/* In the machine: entrance.h has what that means. */
static void visit_session(int socket, void *argument)
{
	const struct visit *visit = argument;
	struct arena arena = { 0 };
	struct machine_user *user = arena_alloc(&arena, sizeof *user);

	find_user(socket, visit->session->user, user);
	if (visit->has_terminal)
		use_terminal(socket, user);
	else
		use_pipes(socket, user);
	if (chdir(user->home) < 0)
		(void) !chdir("/");
	make_environment(visit, user, &arena);
	execute(socket, visit->session, user);
}

/* Wait until it has ended. Returns an exit status. */
static int wait_for(const struct machine_session *session, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	if (session->hides_status)
		return EXIT_SUCCESS;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Before it has executed a program. */
static int give_up(struct visitor *visitor)
{
	visitor_dismiss(visitor);
	return EXIT_FAILURE;
}

static int run_on_pipes(const struct machine_session *session, const char *machine,
			struct visitor *visitor, int pidfd)
{
	int pipes[PIPE_SESSION_FDS], status;

	if (visitor_take(visitor, machine, pipes, PIPE_SESSION_FDS) < 0 ||
	    visitor_go(visitor, machine) < 0)
		return give_up(visitor);
	if (pipe_session_run(pipes, pidfd) < 0)
		return EXIT_FAILURE;
	status = wait_for(session, visitor->pid);
	visitor->pid = -1;
	return status;
}

static int run_on_terminal(const struct machine_session *session, const char *machine,
			   struct visitor *visitor, int pidfd)
{
	CLEANUP_CLOSE int master = -1;
	struct terminal_session_end end;

	if (visitor_take(visitor, machine, &master, 1) < 0)
		return give_up(visitor);
	if (!machine_terminal_is_master(master)) {
		complain("%s: what was sent there has been tampered with", machine);
		return give_up(visitor);
	}
	terminal_session_prepare(master);
	if (visitor_go(visitor, machine) < 0)
		return give_up(visitor);
	if (!session->is_quiet)
		fprintf(stderr,
			"Connected to machine %s. Press ^] three times within 1s to exit "
			"session.\n",
			machine);
	end = terminal_session_run(master, pidfd);
	/* Its processes are told by this. */
	close(master);
	master = -1;
	if (!session->is_quiet)
		fprintf(stderr, "%sConnection to machine %s terminated.\n",
			end.last == '\n' ? "" : "\n", machine);
	if (end.signal_number) {
		terminal_session_raise(end.signal_number);
		return 128 + end.signal_number;
	}
	return end.by_user ? EXIT_SUCCESS : wait_for(session, visitor->pid);
}

/* After it was sent. */
static int run(const struct machine_session *session, const char *machine, bool has_terminal,
	       struct visitor *visitor)
{
	CLEANUP_CLOSE int pidfd = (int) syscall(SYS_pidfd_open, visitor->pid, 0);

	if (pidfd < 0) {
		complain("%s: %s", machine, strerror(errno));
		return give_up(visitor);
	}
	return has_terminal ? run_on_terminal(session, machine, visitor, pidfd)
			    : run_on_pipes(session, machine, visitor, pidfd);
}

static int enter(const struct machine_session *session, const struct entrance *entrance,
		 const char *machine)
{
	/* What the visitor has of the environment is wiped. */
	CLEANUP_FREE char *term = strdup(getenv("TERM") ?: "");
	struct visit visit = {
		.session = session,
		.has_terminal = terminal_session_is_possible(),
		.term = term,
	};
	struct visitor visitor;
	int status;

	if (session->needs_terminal && !visit.has_terminal) {
		complain("%s: standard input and output are no terminal", session->verb);
		return EXIT_FAILURE;
	}
	if (entrance_send(entrance, visit_session, &visit, &visitor) < 0)
		return EXIT_FAILURE;
	status = run(session, machine, visit.has_terminal, &visitor);
	cleanup_close(&visitor.socket);
	return status;
}

int machine_session_run(const struct machine_session *session)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct machine machine;
	const char *name;

	if (open_registry(&snapshot) < 0 ||
	    find_machine(&snapshot, session->machine, &machine) < 0 ||
	    entrance_open(&entrance, &machine, &snapshot.meta.origin) < 0)
		return EXIT_FAILURE;
	name = entrance.subject = arena_strdup(&arena, machine.name);
	/* Nothing of the registry is to be in the memory of who goes in, or stay open for hours. */
	snapshot_close(&snapshot);
	return enter(session, &entrance, name);
}
