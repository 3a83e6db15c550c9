/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines start, enable and disable */
#include "base/array_size.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/input.h"
#include "base/pidfd.h"
#include "base/program.h"
#include "base/quote.h"
#include "base/signals.h"
#include "host/systemd.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "registry/name.h"
#include "tools/images/image.h"
#include "tools/messages/message.h"
#include "tools/verbs/named_images.h"
#include "tools/verbs/option_values.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As systemd's default for the start of a unit. */
#define START_MILLISECONDS 90000
#define POLL_MILLISECONDS  50

#define LOG_DIRECTORY "/var/log/mymachines"

/* Only so much of a log is shown. */
#define LOG_SIZE_MAX ((size_t) 1024 * 1024)

struct start_settings {
	bool waits;
};

/* Names of images are more liberal than those of machines. */
static int check_machine_name(const struct image *image, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	if (image->is_host)
		return failure_set(f, FAILURE_INVALID, ".host is this host itself, which runs");
	if (machine_name_judge(image->name, NULL) != NAME_OK &&
	    machine_name_judge(image->name, NULL) != NAME_DOTTED)
		return failure_set(f, FAILURE_INVALID,
				   "no machine can be called '%s': rename the image first",
				   quote(image->name, quoted));
	return 0;
}

static bool is_registered(const char *name)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure failure;
	struct machine m;

	return registry_open(&snapshot, &failure) == 0 &&
	       machine_find(&snapshot, name, &m, &failure) == 0 &&
	       machine_may_be_alive(&m, &snapshot.meta.context);
}

/* Ask systemd to do something with the units of images, and wait for it. */
static int run_systemctl(struct arena *arena, const char *const *arguments, struct failure *f)
{
	struct program_answer answer;

	if (program_run(arena, arguments, 5 * START_MILLISECONDS, &answer, f) < 0)
		return -1;
	return answer.status ? program_failure("systemctl", &answer, f) : 0;
}

static const char *unit_of(struct arena *arena, const char *name)
{
	return arena_printf(arena, "systemd-nspawn@%s.service", name);
}

static int start_unit(struct arena *arena, const char *name, struct failure *f)
{
	const char *arguments[] = { "systemctl", "--quiet", "start", unit_of(arena, name), NULL };

	return run_systemctl(arena, arguments, f);
}

static int open_log(const char *path, struct failure *f)
{
	int fd = -1;

	if (mkdir(LOG_DIRECTORY, 0700) == 0 || errno == EEXIST)
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? failure_errno(f, -errno, "cannot write the log %s", path) : fd;
}

/*
 * What systemd's unit runs, but registered by us. Nothing is added because an image asks for it:
 * systemd-nspawn(1) itself decides what it takes from which settings.
 */
static const char **make_command(struct arena *arena, const struct image *image)
{
	const char *command[] = {
		program_own_path(),
		"run",
		image->name,
		"--service=systemd-nspawn",
		"--",
		"systemd-nspawn",
		"--quiet",
		"--keep-unit",
		"--register=no",
		"--boot",
		"--console=pipe",
		"--link-journal=try-guest",
		"--network-veth",
		"-U",
		"--settings=override",
		arena_printf(arena, "--machine=%s", image->name),
		NULL,
	};

	return arena_copy(arena, command, sizeof command);
}

/* Start a command in the background: with no terminal, its output in a log. */
static pid_t start_background(const char *const *command, int log, struct failure *f)
{
	CLEANUP_CLOSE int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid = nothing < 0 ? -1 : fork();

	if (pid < 0)
		return failure_errno(f, -errno, "cannot start a process");
	if (pid > 0)
		return pid;
	signals_reset();
	setsid();
	dup2(nothing, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(command[0], (char *const *) command);
	_exit(EXIT_NOT_FOUND);
}

/* The last line of a log that isn't empty. */
static const char *last_line(struct arena *arena, const char *path)
{
	char *text, *line;
	size_t size;

	if (input_read_file_up_to(arena, path, LOG_SIZE_MAX, &text, &size) < 0)
		return "";
	while (size > 0 && strchr("\r\n", text[size - 1]))
		text[--size] = '\0';
	line = strrchr(text, '\n');
	return arena_escape(arena, line ? line + 1 : text);
}

/* Wait until the machine is registered. Its command has failed if it ends before. */
static int await_machine(struct arena *arena, const struct image *image, pid_t pid, const char *log,
			 struct failure *f)
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + START_MILLISECONDS;

	while (clock_milliseconds(CLOCK_MONOTONIC) < deadline) {
		int r = child_wait_for(pid, POLL_MILLISECONDS, NULL);

		if (r == 0)
			return failure_set(f, FAILURE_OTHER, "%s: did not start: %s (log: %s)",
					   image->name, last_line(arena, log), log);
		if (is_registered(image->name))
			return 0;
	}
	child_end(pid, 0);
	return failure_set(f, FAILURE_TIMED_OUT, "%s: did not start within %d seconds (log: %s)",
			   image->name, START_MILLISECONDS / 1000, log);
}

static int start_here(struct arena *arena, const struct image *image, bool waits, struct failure *f)
{
	const char *log = arena_printf(arena, LOG_DIRECTORY "/%s.log", image->name);
	CLEANUP_CLOSE int log_fd = -1;
	int status = 0, r;
	pid_t pid;

	if (!program_is_installed("systemd-nspawn"))
		return failure_set(f, FAILURE_NO_PROGRAM,
				   "%s: systemd-nspawn isn't installed, which starts images "
				   "(Debian's package systemd-container)",
				   image->name);
	log_fd = open_log(log, f);
	if (log_fd < 0)
		return -1;
	pid = start_background(make_command(arena, image), log_fd, f);
	if (pid < 0 || await_machine(arena, image, pid, log, f) < 0)
		return -1;
	if (!waits)
		return 0;
	r = child_wait(pid, &status);
	if (r < 0)
		return failure_errno(f, r, "%s: cannot wait for its end", image->name);
	if (child_exit_status(status))
		return failure_set(f, FAILURE_OTHER, "%s: ended with exit status %d (log: %s)",
				   image->name, child_exit_status(status), log);
	return 0;
}

static int start_image(struct arena *arena, const struct image *image, void *data,
		       struct failure *f)
{
	const struct start_settings *settings = data;

	if (check_machine_name(image, f) < 0)
		return -1;
	if (is_registered(image->name))
		return failure_set(f, FAILURE_EXISTS, "%s: runs already", image->name);
	if (systemd_is_running() && !settings->waits)
		return start_unit(arena, image->name, f);
	return start_here(arena, image, settings->waits, f);
}

static int start_images(const struct command_line *line, void *settings, struct failure *f)
{
	(void) f;
	return act_on_named_images(line, start_image, settings);
}

struct enable_settings {
	bool now;
};

static int change_units(const struct command_line *line, bool now, struct failure *f)
{
	const char *verb = line->verb->name;
	size_t n = 0;
	const char **arguments =
		arena_alloc(line->arena, ((size_t) line->n_names + 5) * sizeof *arguments);

	if (!systemd_is_running())
		return failure_set(
			f, FAILURE_NOT_SUPPORTED,
			"%s: systemd isn't the init of this host, so there are no units: "
			"let your init run 'mymachines start NAME'",
			verb);
	arguments[n++] = "systemctl";
	arguments[n++] = verb;
	if (now)
		arguments[n++] = "--now";
	/* Without it, units of machines aren't started. It stays for the others. */
	if (strcmp(verb, "enable") == 0)
		arguments[n++] = "machines.target";
	for (int i = 0; i < line->n_names; i++) {
		struct image image;

		if (image_find(line->arena, line->names[i], &image, f) < 0 ||
		    check_machine_name(&image, f) < 0)
			return -1;
		arguments[n++] = unit_of(line->arena, line->names[i]);
	}
	return run_systemctl(line->arena, arguments, f) < 0 ? -1 : EXIT_SUCCESS;
}

static int change_enabled(const struct command_line *line, void *data, struct failure *f)
{
	const struct enable_settings *settings = data;

	return change_units(line, settings->now, f);
}

static const struct verb_option start_options[] = {
	{ "wait", SETS(struct start_settings, waits, set_true),
	  .help = "Return when the machine has ended" },
	{ 0 },
};

static const struct verb_option enable_options[] = {
	{ "now", SETS(struct enable_settings, now, set_true),
	  .help = "Start or stop the machine, too" },
	{ 0 },
};

const struct verb start_verb = {
	.name = "start",
	.synopsis = "[OPTION...] NAME...",
	.list_entry = "NAME...",
	.summary = "Boot machines from images",
	.description = "Boot a machine from an image, and return when it is registered. Where "
		       "systemd is the init, it starts its unit systemd-nspawn@NAME; elsewhere "
		       "systemd-nspawn runs in the background, with its output in " LOG_DIRECTORY
		       "/NAME.log.",
	.group = VERB_IMAGES,
	.is_machinectl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },
	.options = start_options,
	.settings_size = sizeof(struct start_settings),
	.run = start_images,
};

#define ENABLING(verb, words)                                                                      \
	.name = (verb), .synopsis = "[OPTION...] NAME...", .list_entry = "NAME...",                \
	.summary = words,                                                                          \
	.description = words ". systemctl " verb " does that, so systemd has to be the init.",     \
	.group = VERB_IMAGES, .is_machinectl = true,                                               \
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_IMAGE } },              \
	.options = enable_options, .settings_size = sizeof(struct enable_settings),                \
	.run = change_enabled

const struct verb enable_verb = { ENABLING("enable", "Boot images whenever the host boots") };
const struct verb disable_verb = { ENABLING("disable", "Don't boot images when the host boots") };
