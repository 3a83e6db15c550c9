/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running another program and waiting for it, with a deadline. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

struct program_answer {
	char *output; /* its standard output, at most INPUT_SIZE_MAX bytes, in the arena */
	char *errors; /* the beginning of its standard error, in the arena */
	int status;   /* its exit status, or 128 if a signal killed it */
};

/*
 * Run a program found in PATH, with an empty standard input. The arguments
 * begin with its name and end with NULL. After so many milliseconds it is
 * killed. Returns 0 when it has ended, whatever its exit status is, or -1 with
 * a failure.
 */
int program_run(struct arena *arena, const char *const *arguments, int milliseconds,
		struct program_answer *answer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * To be replaced by program_run(): run it, with its output on standard error,
 * or nowhere if it is `quiet`. Returns 0; -EPROTO if it failed; -ETIMEDOUT, and it is
 * killed, after so many milliseconds; or another negative errno.
 */
int run_program(const char *const *arguments, bool quiet, int milliseconds);

/*
 * Start it, with its output nowhere, and don't wait: it is a child. 0 or a negative errno.
 */
int program_start(const char *const *arguments, pid_t *pid);

/* A program's standard input, output and error: each a descriptor, or -1 for none. */
struct program_files {
	int input, output, errors;
};

/* The same with these. Its descriptor of a file must not be the number of another one of these. */
int program_start_with(const char *const *arguments, const struct program_files *files, pid_t *pid)
	__attribute__((nonnull, warn_unused_result));

/* The failure of a program with another exit status than 0: what it printed. Returns -1. */
int program_failure(const char *name, const struct program_answer *answer, struct failure *failure)
	__attribute__((nonnull));

/* The end of the target of /proc/PID/exe if the file was removed or replaced: proc(5). */
#define PROGRAM_DELETED " (deleted)"

/* Returns the path of this program's file, or NULL if that can't be determined. */
const char *program_own_path(void);

/*
 * The path of another program of this package, in the arena: beside this one, where both were built, else in
 * the directory where it was installed. NULL if it isn't there.
 */
const char *program_of_ours(struct arena *arena, const char *directory, const char *name)
	__attribute__((nonnull));

/* The path of the program that program_run() starts by this name, in the arena; NULL if PATH has none. */
char *program_find(struct arena *arena, const char *name) __attribute__((nonnull));

/* Whether a program of this name is in PATH or in a directory of system programs. */
bool program_is_installed(const char *name);
