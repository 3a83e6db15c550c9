/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machine1.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/input.h"
#include "base/program.h"
#include "host/record_lock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The bus is on this host: it answers at once, or is stuck. */
#define ANSWER_MS 5000

const char *bus_program(struct arena *arena, const char *program)
{
	return program_of_ours(arena, LIBEXECDIR, program);
}

/* dbus-daemon(1) reads them in this order, and the first that has the name counts. */
static const char *const activations[] = {
	"/usr/local/share/dbus-1/system-services/org.freedesktop.machine1.service",
	"/usr/share/dbus-1/system-services/org.freedesktop.machine1.service",
};

bool machine1_can_be_started(void)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(activations); i++) {
		char *text;
		size_t size;

		if (input_read_file(&arena, activations[i], &text, &size) == 0)
			return strstr(text, "/" MACHINE1_PROGRAM "\n");
	}
	return false;
}

bool machine1_is_answered(void)
{
	pid_t pid;

	/* Where it can't be told, it isn't started for each publication. */
	return record_lock_is_held(MACHINE1_LOCK_PATH, &pid) != 0;
}

static int ask(struct arena *arena, const char *program, const char *option,
	       struct program_answer *answer, struct failure *f)
{
	const char *arguments[] = { bus_program(arena, program), option, NULL };

	if (!arguments[0])
		return failure_set(f, FAILURE_NO_PROGRAM, "%s isn't installed", program);
	if (program_run(arena, arguments, ANSWER_MS, answer, f) < 0)
		return -1;
	return answer->status == 0 ? 0 : program_failure(program, answer, f);
}

static const char *read_program(struct arena *arena, pid_t pid)
{
	char *path = arena_alloc(arena, PATH_MAX), link[32];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/%d/exe", (int) pid);
	length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return NULL;
	path[length] = '\0';
	return path;
}

static bool is_ours(const char *path, const char *program)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	size_t length = strlen(program);

	/* Replaced by an upgrade, its path ends in " (deleted)". */
	return slash && strncmp(slash + 1, program, length) == 0 &&
	       (!slash[length + 1] || slash[length + 1] == ' ');
}

int bus_find_owner(struct arena *arena, const char *program, struct bus_owner *owner,
		   struct failure *f)
{
	struct program_answer answer;

	if (ask(arena, program, "--owner", &answer, f) < 0)
		return -1;
	*owner = (struct bus_owner){ .pid = (pid_t) strtol(answer.output, NULL, 10) };
	if (owner->pid > 0) {
		owner->program = read_program(arena, owner->pid);
		owner->is_ours = is_ours(owner->program, program);
	}
	return 0;
}

int bus_reload(struct arena *arena, struct failure *f)
{
	struct program_answer answer;

	return ask(arena, MACHINE1_PROGRAM, "--reload-bus", &answer, f);
}

bool bus_is_there(void)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX,
						    .sun_path = "/run/dbus/system_bus_socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool has_bus = fd >= 0 &&
		       connect(fd, (const struct sockaddr *) &address, sizeof address) == 0;

	if (fd >= 0)
		close(fd);
	return has_bus;
}
