/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/session_visit.h"

#include "base/arena.h"
#include "tools/enter/machine_terminal.h"
#include "tools/enter/machine_user.h"
#include "tools/enter/pipe_session.h"
#include "tools/enter/search_path.h"
#include "tools/enter/visitor.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FALLBACK_SHELL "/bin/sh"

/* Replace the variable of that name, or append it. */
static void set_variable(char **environment, char *setting)
{
	size_t length = strcspn(setting, "=") + 1, i = 0;

	while (environment[i] && strncmp(environment[i], setting, length) != 0)
		i++;
	environment[i] = setting;
}

static void make_environment(const struct session_visit *visit, const struct machine_user *user,
			     struct arena *arena)
{
	const struct string_list *settings = &visit->session->settings;
	/* The six below, the given ones, and NULL. */
	char **e = arena_alloc(arena, (settings->count + 7) * sizeof *e);

	set_variable(e, arena_printf(arena, "PATH=%s", search_path_read(arena, user->uid)));
	set_variable(e, arena_printf(arena, "HOME=%s", user->home));
	set_variable(e, arena_printf(arena, "USER=%s", user->name));
	set_variable(e, arena_printf(arena, "LOGNAME=%s", user->name));
	set_variable(e, arena_printf(arena, "SHELL=%s", user->shell));
	if (visit->has_terminal && *visit->term)
		set_variable(e, arena_printf(arena, "TERM=%s", visit->term));
	for (size_t i = 0; i < settings->count; i++)
		set_variable(e, settings->items[i]);
	environ = e;
}

static int find_user(const char *name, struct machine_user *user, struct failure *f)
{
	int r = machine_user_find(name, user);

	switch (r) {
	case 0: return 0;
	case -ENOENT: return failure_set(f, FAILURE_NO_USER, "has no user '%s'", name);
	case -E2BIG:
		return failure_set(f, FAILURE_NOT_SUPPORTED, "user '%s' is in too many groups",
				   name);
	case -EINVAL:
		return failure_set(f, FAILURE_NO_SYSTEM, "its /etc/passwd is not a regular file");
	default: return failure_errno(f, r, "cannot read its /etc/passwd");
	}
}

static int become_user(const struct machine_user *user, struct failure *f)
{
	int r = machine_user_become(user);

	if (r == -EINVAL)
		return failure_set(f, FAILURE_NO_MAPPING,
				   "user '%s' is %u:%u, and one of its ids is not in the "
				   "machine's maps",
				   user->name, user->uid, user->gid);
	if (r < 0)
		return failure_errno(f, r, "cannot become user '%s'", user->name);
	/*
	 * Give the user a session keyring of its own, replacing root's empty one; ignore quota
	 * failures.
	 */
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	return 0;
}

static int open_terminal(int *master, int *slave, struct failure *f)
{
	int r = machine_terminal_open(master, slave);

	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ENODEV || r == -ENXIO)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "has no terminals: neither /dev/ptmx nor /dev/pts/ptmx is one; "
				   "add '| cat' to run a command without a terminal");
	return r < 0 ? failure_errno(f, r, "cannot open a terminal of its own") : 0;
}

/* The other descriptors close when the program is executed. */
static int set_standard_streams(const int fds[static 3], struct failure *f)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(fds[fd], fd) < 0)
			return failure_errno(f, -errno, "cannot set its standard streams");
	return 0;
}

static int use_terminal(int socket, const struct machine_user *user, struct failure *f)
{
	int master, slave;

	if (open_terminal(&master, &slave, f) < 0)
		return -1;
	/* So that the user can open it by its path, too. Some file systems refuse that. */
	(void) !fchown(slave, user->uid, (gid_t) -1);
	if (become_user(user, f) < 0)
		return -1;
	/* The terminal hangs up when nobody has its master any more, which may outlive the caller. */
	prctl(PR_SET_PDEATHSIG, 0);
	visitor_hand_over(socket, &master, 1);
	close(master);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return failure_errno(f, -errno, "cannot get a terminal of its own");
	return set_standard_streams((int[]){ slave, slave, slave }, f);
}

static int use_pipes(int socket, const struct machine_user *user, struct failure *f)
{
	int own[PIPE_SESSION_FDS], others[PIPE_SESSION_FDS], r;

	/* The user makes the pipes, and so may open /dev/stdout. */
	if (become_user(user, f) < 0)
		return -1;
	/* Without a terminal that could hang up, the caller's death is the hang-up. */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	r = pipe_session_open(own, others);
	if (r < 0)
		return failure_errno(f, r, "cannot make pipes");
	visitor_hand_over(socket, others, PIPE_SESSION_FDS);
	for (int i = 0; i < PIPE_SESSION_FDS; i++)
		close(others[i]);
	return set_standard_streams(own, f);
}

/* Replace a login shell that the machine doesn't have, as an image often names one of another system. */
static void choose_shell(int socket, const struct machine_session *session,
			 struct machine_user *user)
{
	if (session->programs->file || access(user->shell, F_OK) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR) || strcmp(user->shell, FALLBACK_SHELL) == 0)
		return;
	visitor_warn(socket, "user '%s' has the login shell %.256s, which doesn't exist; using %s",
		     user->name, user->shell, FALLBACK_SHELL);
	strcpy(user->shell, FALLBACK_SHELL);
}

/* Why a program could not be executed. */
static int exec_failure(const char *file, int error, struct failure *f)
{
	failure_errno(f, error, "%s", file);
	f->kind = error == -ENOENT || error == -ENOTDIR ? FAILURE_NO_PROGRAM
							: FAILURE_NOT_EXECUTABLE;
	return -1;
}

static int execute_shell(const struct machine_user *user, struct failure *f)
{
	const char *base = strrchr(user->shell, '/') + 1;
	char name[PATH_MAX + 1];

	snprintf(name, sizeof name, "-%s", base);
	execv(user->shell, (char *[]){ name, NULL });
	return exec_failure(user->shell, -errno, f);
}

static int execute_program(const struct machine_session *session, const struct machine_user *user,
			   struct failure *f)
{
	const struct machine_program *program = session->programs;

	for (size_t i = 0; i < session->n_programs; i++) {
		program = &session->programs[i];
		if (!program->file)
			return execute_shell(user, f);
		execvp(program->file, program->arguments);
		if (errno != ENOENT && errno != ENOTDIR)
			break;
	}
	if (session->missing && errno == ENOENT)
		return failure_set(f, FAILURE_NOT_SUPPORTED, "%s", session->missing);
	return exec_failure(program->file, -errno, f);
}

int session_visit(int socket, void *argument, struct failure *f)
{
	const struct session_visit *visit = argument;
	struct arena arena = { 0 };
	struct machine_user *user = arena_alloc(&arena, sizeof *user);
	int r = find_user(visit->session->user, user, f);

	if (r == 0)
		r = visit->has_terminal ? use_terminal(socket, user, f)
					: use_pipes(socket, user, f);
	if (r < 0)
		return -1;
	if (chdir(user->home) < 0)
		(void) !chdir("/");
	choose_shell(socket, visit->session, user);
	make_environment(visit, user, &arena);
	return execute_program(visit->session, user, f);
}
