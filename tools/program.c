/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/program.h"

#include "registry/cleanup.h"
#include "tools/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Longer than any program takes that is asked for something; and what nobody waits for gladly. */
#define OUTPUT_MILLISECONDS (60 * 1000)
#define QUIET_MILLISECONDS  (3 * 1000)

/* With these as its standard output and error; -1 leaves one as it is. 0 or a negative errno. */
static int start_program(const char *const *arguments, int output, bool quiet, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output >= 0 ? output : 2, 1);
	r = posix_spawnp(pid, arguments[0], &actions, NULL, (char *const *) arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Its status, as of waitpid(2). 0 or a negative errno. */
static int await(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int run_program(const char *const *arguments, bool quiet)
{
	pid_t pid;
	int status, r = start_program(arguments, -1, quiet, &pid);

	if (r == 0)
		r = await(pid, &status);
	if (r < 0)
		return r;
	return status == 0 ? 0 : -EPROTO;
}

int program_output(struct arena *arena, const char *const *arguments, bool quiet, char **text)
{
	CLEANUP_CLOSE int read_end = -1;
	int ends[2], status, r, read_error;
	size_t size;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	read_end = ends[0];
	r = start_program(arguments, ends[1], quiet, &pid);
	close(ends[1]);
	if (r < 0)
		return r;
	read_error = input_read(arena, read_end, quiet ? QUIET_MILLISECONDS : OUTPUT_MILLISECONDS,
				text, &size);
	if (read_error < 0)
		kill(pid, SIGKILL);
	r = await(pid, &status);
	if (r < 0 || read_error < 0)
		return r < 0 ? r : read_error;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

const char *program_own_path(void)
{
	static char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

	if (length < 0)
		return NULL;
	path[length] = '\0';
	return path;
}

static bool is_in(const char *directories, const char *name)
{
	char path[PATH_MAX];

	while (*directories) {
		size_t length = strcspn(directories, ":");

		snprintf(path, sizeof path, "%.*s/%s", (int) length, directories, name);
		if (length && access(path, X_OK) == 0)
			return true;
		directories += length + (directories[length] == ':');
	}
	return false;
}

bool program_is_installed(const char *name)
{
	const char *path = getenv("PATH");

	return (path && is_in(path, name)) ||
	       is_in("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", name);
}
