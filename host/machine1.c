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

#define PROGRAM "mymachines-bus"

/* The bus is on this host: it answers at once, or is stuck. */
#define ANSWER_MS 5000

const char *machine1_program(struct arena *arena)
{
	const char *own = program_own_path(), *slash = own ? strrchr(own, '/') : NULL;
	const char *path;

	if (slash) {
		path = arena_printf(arena, "%.*s/" PROGRAM, (int) (slash - own), own);
		if (access(path, X_OK) == 0)
			return path;
	}
	return access(LIBEXECDIR "/" PROGRAM, X_OK) == 0 ? LIBEXECDIR "/" PROGRAM : NULL;
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
			return strstr(text, "/" PROGRAM "\n");
	}
	return false;
}

bool machine1_is_answered(void)
{
	pid_t pid;

	/* Where it can't be told, it isn't started for each publication. */
	return record_lock_is_held(MACHINE1_LOCK_PATH, &pid) != 0;
}

static int ask(struct arena *arena, const char *option, struct program_answer *answer,
	       struct failure *f)
{
	const char *arguments[] = { machine1_program(arena), option, NULL };

	if (!arguments[0])
		return failure_set(f, FAILURE_NO_PROGRAM, PROGRAM " isn't installed");
	if (program_run(arena, arguments, ANSWER_MS, answer, f) < 0)
		return -1;
	return answer->status == 0 ? 0 : program_failure(PROGRAM, answer, f);
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

static bool is_ours(const char *program)
{
	const char *name = program ? strrchr(program, '/') : NULL;
	size_t length = strlen("/" PROGRAM);

	/* Replaced by an upgrade, its path ends in " (deleted)". */
	return name && strncmp(name, "/" PROGRAM, length) == 0 &&
	       (!name[length] || name[length] == ' ');
}

int machine1_find_owner(struct arena *arena, struct machine1_owner *owner, struct failure *f)
{
	struct program_answer answer;

	if (ask(arena, "--owner", &answer, f) < 0)
		return -1;
	*owner = (struct machine1_owner){ .pid = (pid_t) strtol(answer.output, NULL, 10) };
	if (owner->pid > 0) {
		owner->program = read_program(arena, owner->pid);
		owner->is_ours = is_ours(owner->program);
	}
	return 0;
}

int machine1_reload_bus(struct arena *arena, struct failure *f)
{
	struct program_answer answer;

	return ask(arena, "--reload-bus", &answer, f);
}

bool machine1_has_bus(void)
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
