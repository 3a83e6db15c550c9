/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/enter_work.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "host/machine_file.h"
#include "tools/enter/machine_terminal.h"
#include "tools/enter/session_visit.h"
#include "tools/enter/visitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A child has entered: what it does there has its own arguments. */
static int enter(const struct call_target *target, struct entrance *entrance, struct failure *f)
{
	return entrance_open(entrance, &target->machine, &target->snapshot.meta.context, f);
}

/* The terminal's path in the machine: pty(7). */
static int name_terminal(int master, struct work_result *result, struct failure *f)
{
	unsigned int number;

	if (ioctl(master, TIOCGPTN, &number) < 0)
		return failure_errno(f, -errno, "cannot determine the terminal's name");
	result->size =
		(size_t) snprintf(result->text, sizeof result->text, "/dev/pts/%u", number) + 1;
	return 0;
}

static int receive_terminal(struct visitor *visitor, struct work_result *result, struct failure *f)
{
	if (visitor_receive(visitor, &result->fd, 1, f) < 0)
		return -1;
	if (!machine_terminal_is_master(result->fd))
		return visitor_tampered(visitor, f);
	/* A client may read without waiting for events. */
	if (fcntl(result->fd, F_SETFL, 0) < 0)
		return failure_errno(f, -errno, "cannot set up the terminal");
	if (visitor_release(visitor, f) < 0)
		return -1;
	return name_terminal(result->fd, result, f);
}

/* For a visitor: open a terminal and hand it over. */
static int visit_terminal(int socket, void *argument, struct failure *f)
{
	int master, slave, r = machine_terminal_open(&master, &slave);

	(void) argument;
	if (r < 0)
		return failure_errno(f, r, "cannot open a terminal");
	visitor_hand_over(socket, &master, 1);
	_exit(EXIT_SUCCESS);
}

int terminal_work(const void *argument, struct work_result *result, struct failure *f)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	struct visitor visitor = VISITOR_INIT;
	int r;

	if (enter(argument, &entrance, f) < 0 ||
	    visitor_send(&visitor, &entrance, visit_terminal, NULL, NULL, f) < 0)
		return -1;
	r = receive_terminal(&visitor, result, f);
	visitor_end(&visitor, 0);
	return r;
}

/* The program is the child of init when this child has ended, and ends with its terminal. */
int session_work(const void *argument, struct work_result *result, struct failure *f)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	const struct session_work *work = argument;
	struct session_visit visit = { .session = &work->session,
				       .has_terminal = true,
				       .term = "" };
	struct visitor visitor = VISITOR_INIT;
	int r;

	if (enter(work->target, &entrance, f) < 0 ||
	    visitor_send(&visitor, &entrance, session_visit, &visit, NULL, f) < 0)
		return -1;
	r = receive_terminal(&visitor, result, f);
	if (r == 0)
		visitor.pid = -1;
	visitor_end(&visitor, 0);
	return r;
}

int root_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct call_target *target = argument;
	CLEANUP_CLOSE int root =
		machine_root_open(&target->machine, &target->snapshot.meta.context);

	if (root >= 0)
		result->fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || result->fd < 0)
		return failure_errno(f, root < 0 ? root : -errno,
				     "%s: cannot open its root directory", target->name);
	return 0;
}

int bind_work(const void *argument, struct work_result *result, struct failure *f)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	const struct bind_work *work = argument;

	(void) result;
	return enter(work->target, &entrance, f) < 0
		       ? -1
		       : bind_mount_make(&work->bind, &entrance, NULL, f);
}

/* The machine may send as many as it likes: one is told. */
static void keep_first(void *data, enum notice_kind kind, const char *text)
{
	struct failure *first = data;

	(void) kind;
	if (!*first->text)
		failure_set(first, FAILURE_OTHER, "%s", text);
}

int copy_work(const void *argument, struct work_result *result, struct failure *f)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	const struct copy_work *work = argument;
	struct failure first = { 0 };
	struct notices notices = { .sink = keep_first, .data = &first };
	struct copy_result copied;

	(void) result;
	if (enter(work->target, &entrance, f) < 0 ||
	    copy_session_run(&work->session, &entrance, &copied, &notices, f) < 0)
		return -1;
	if (!copied.is_partial)
		return 0;
	return failure_set(f, FAILURE_OTHER, "%s: a part could not be copied: %s",
			   work->target->name, first.text);
}

/* Absolute, and without "." or ".." as a component. */
bool path_is_normalized(const char *path)
{
	if (*path != '/')
		return false;
	for (const char *part = path; part; part = strchr(part + 1, '/')) {
		size_t length = strcspn(part + 1, "/");

		if ((length == 1 && part[1] == '.') ||
		    (length == 2 && part[1] == '.' && part[2] == '.'))
			return false;
	}
	return true;
}

/* The host's own root directory is this process's. */
static int open_target_root(const struct call_target *target)
{
	int root;

	if (!target->is_host)
		return machine_root_open(&target->machine, &target->snapshot.meta.context);
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -errno : root;
}

/* In a child: the machine's os-release, as its text. */
int os_release_work(const void *argument, struct work_result *result, struct failure *f)
{
	static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
	const struct call_target *target = argument;
	CLEANUP_CLOSE int root = open_target_root(target);
	ssize_t n = root < 0 ? root : -ENOENT;

	for (size_t i = 0; i < 2 && n == -ENOENT; i++)
		n = machine_file_read(root, paths[i], result->text, sizeof result->text);
	if (n < 0)
		return failure_errno(f, (int) n, "%s: cannot read its os-release", target->name);
	result->size = (size_t) n;
	return 0;
}

static char *const login[] = { (char *) "login", NULL };
static char *const agetty[] = { (char *) "agetty", (char *) "--noclear", (char *) "-", NULL };
static const struct machine_program login_programs[] = {
	{ "/bin/login", login },
	{ "/usr/bin/login", login },
	{ "/sbin/agetty", agetty },
	{ "/usr/sbin/agetty", agetty },
};

const struct machine_session login_session = {
	.user = "0",
	.programs = login_programs,
	.n_programs = ARRAY_SIZE(login_programs),
	.missing = "has neither /bin/login nor /sbin/agetty",
};

char *command_line_join(char *const *arguments)
{
	size_t size = 1;
	char *line, *to;

	for (char *const *a = arguments; a && *a; a++)
		size += strlen(*a) + 1;
	to = line = calloc(size, 1);
	for (char *const *a = arguments; line && a && *a; a++) {
		if (a != arguments)
			*to++ = ' ';
		to = stpcpy(to, *a);
	}
	return line;
}
