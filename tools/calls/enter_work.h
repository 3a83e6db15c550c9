/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Terminals, shells, files and mounts of a machine: each is a work_function(). */
#pragma once

#include "tools/calls/target.h"
#include "tools/calls/work.h"
#include "tools/enter/bind_mount.h"
#include "tools/enter/copy_session.h"
#include "tools/enter/machine_session.h"

/* A machine may have little of the processors. A client of the bus waits for 25 s: sd_bus_call(3). */
#define TERMINAL_WORK_MS 20000
/* For a machine's files, which the machine may make slow. */
#define FILE_WORK_MS 5000
/* A copy takes as long as it takes: a day. */
#define COPY_WORK_MS 86400000

/*
 * Open a terminal: the result is its master, and the path of the other side in the machine. The
 * argument is a struct call_target.
 */
work_function terminal_work;

/*
 * A program on a terminal, which is the result in the same way. The program is the child of init
 * when the call is done, and ends with its terminal.
 */
struct session_work {
	const struct call_target *target;
	struct machine_session session;
};

work_function session_work;

/* A session that asks who wants to log in. */
extern const struct machine_session login_session;

/* The result is the machine's root directory. The argument is a struct call_target. */
work_function root_work;

struct bind_work {
	const struct call_target *target;
	struct bind_mount bind;
};

work_function bind_work;

struct copy_work {
	const struct call_target *target;
	struct copy_session session;
};

work_function copy_work;

/* The result is the text of the os-release of the machine, or of the host. The argument is a struct call_target. */
work_function os_release_work;

/* Whether a path is absolute, and has no "." or ".." as a component. */
bool path_is_normalized(const char *path) __attribute__((nonnull));

/*
 * The command line that polkit and its agent are told: the arguments, which may be NULL, with blanks between
 * them. All of them, as a rule may permit it by that. The caller's to free; NULL without memory.
 */
char *command_line_join(char *const *arguments) __attribute__((warn_unused_result));
