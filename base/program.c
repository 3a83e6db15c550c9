/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/program.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/format.h"
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A program that fails says why in its first lines. */
#define ERRORS_SIZE 4096

static void add_file(posix_spawn_file_actions_t *actions, int fd, int number)
{
	if (fd >= 0)
		posix_spawn_file_actions_adddup2(actions, fd, number);
	else
		posix_spawn_file_actions_addopen(actions, number, "/dev/null",
						 number == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
}

int program_start_with(const char *const *arguments, const struct program_files *files, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	add_file(&actions, files->input, STDIN_FILENO);
	add_file(&actions, files->output, STDOUT_FILENO);
	add_file(&actions, files->errors, STDERR_FILENO);
	/* Signals that this process waits for are blocked in it only. */
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawnp(pid, arguments[0], &actions, &attributes, (char *const *) arguments,
			 environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Start it with these as its standard output and error. Returns 0 or a negative errno. */
static int start_program(const char *const *arguments, int output, int errors, pid_t *pid)
{
	return program_start_with(arguments, &(struct program_files){ -1, output, errors }, pid);
}

static int exit_status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static char *read_errors(struct arena *arena, int fd)
{
	char *text = arena_alloc(arena, ERRORS_SIZE);
	ssize_t length = pread(fd, text, ERRORS_SIZE - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* Run it with standard error in a file without a name. Returns 0 or a negative errno. */
static int run_with_errors(struct arena *arena, const char *const *arguments, int milliseconds,
			   int errors, struct program_answer *answer)
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds, left;
	CLEANUP_CLOSE int read_end = -1;
	int ends[2], r, status = 0;
	size_t size;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	read_end = ends[0];
	r = start_program(arguments, ends[1], errors, &pid);
	close(ends[1]);
	if (r < 0)
		return r;
	r = input_read(arena, read_end, milliseconds, &answer->output, &size);
	/* It may close its output and go on. */
	left = deadline - clock_milliseconds(CLOCK_MONOTONIC);
	if (r == 0)
		r = child_wait_for(pid, left > 0 ? (int) left : 0, &status);
	if (r < 0)
		child_end(pid, 0);
	answer->status = exit_status_of(status);
	answer->errors = read_errors(arena, errors);
	return r;
}

int program_run(struct arena *arena, const char *const *arguments, int milliseconds,
		struct program_answer *answer, struct failure *f)
{
	CLEANUP_CLOSE int errors = memfd_create("errors", MFD_CLOEXEC);
	int r = errors < 0 ? -errno
			   : run_with_errors(arena, arguments, milliseconds, errors, answer);

	if (r == -ENOENT)
		return failure_set(f, FAILURE_NO_PROGRAM, "%s isn't installed", arguments[0]);
	return r < 0 ? failure_errno(f, r, "cannot run %s", arguments[0]) : 0;
}

int run_program(const char *const *arguments, bool quiet, int milliseconds)
{
	CLEANUP_CLOSE int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int output = quiet ? nowhere : STDERR_FILENO, status = 0, r;
	pid_t pid;

	r = start_program(arguments, output, output, &pid);
	if (r < 0)
		return r;
	r = child_wait_for(pid, milliseconds, &status);
	if (r < 0) {
		child_end(pid, 0);
		return r;
	}
	return exit_status_of(status) == 0 ? 0 : -EPROTO;
}

int program_start(const char *const *arguments, pid_t *pid)
{
	return start_program(arguments, -1, -1, pid);
}

int program_failure(const char *name, const struct program_answer *answer, struct failure *f)
{
	char line[256], escaped[ESCAPED_SIZE(sizeof line)];

	snprintf(line, sizeof line, "%.*s", (int) strcspn(answer->errors, "\n"), answer->errors);
	if (*line)
		return failure_set(f, FAILURE_OTHER, "%s: %s", name, escape(line, escaped));
	return failure_set(f, FAILURE_OTHER, "%s failed with exit status %d", name, answer->status);
}

const char *program_own_path(void)
{
	static char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	size_t stem;

	if (length < 0)
		return NULL;
	path[length] = '\0';
	/* After an upgrade, the program of this path is another one. */
	stem = stem_length(path, PROGRAM_DELETED);
	if (stem)
		path[stem] = '\0';
	return path;
}

const char *program_of_ours(struct arena *arena, const char *directory, const char *name)
{
	const char *own = program_own_path(), *slash = own ? strrchr(own, '/') : NULL;
	const char *path;

	if (slash) {
		path = arena_printf(arena, "%.*s/%s", (int) (slash - own), own, name);
		if (access(path, X_OK) == 0)
			return path;
	}
	path = arena_printf(arena, "%s/%s", directory, name);
	return access(path, X_OK) == 0 ? path : NULL;
}

/* Whether one of the directories has the program; its path is set then. */
static bool is_in(const char *directories, const char *name, char path[static PATH_MAX])
{
	while (*directories) {
		size_t length = strcspn(directories, ":");

		snprintf(path, PATH_MAX, "%.*s/%s", (int) length, directories, name);
		if (length && access(path, X_OK) == 0)
			return true;
		directories += length + (directories[length] == ':');
	}
	return false;
}

bool program_is_installed(const char *name)
{
	const char *directories = getenv("PATH");
	char path[PATH_MAX];

	return (directories && is_in(directories, name, path)) ||
	       is_in("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", name, path);
}

char *program_find(struct arena *arena, const char *name)
{
	const char *directories = getenv("PATH");
	char path[PATH_MAX];

	return directories && is_in(directories, name, path) ? arena_strdup(arena, path) : NULL;
}
