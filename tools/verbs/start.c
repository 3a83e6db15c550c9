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
#include "tools/control/qmp.h"
#include "tools/images/image.h"
#include "tools/images/image_lock.h"
#include "tools/messages/message.h"
#include "tools/verbs/image_architecture.h"
#include "tools/verbs/named_images.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/start_command.h"
#include "tools/verbs/start_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As systemd's default for the start of a unit. */
#define START_MILLISECONDS 90000
#define POLL_MILLISECONDS  50

/* For QEMU to answer. */
#define CONTROL_MILLISECONDS 1000

#define LOG_DIRECTORY "/var/log/mymachines"

enum runner { RUNNER_ANY, RUNNER_NSPAWN, RUNNER_QEMU };

struct start_settings {
	enum runner runner;
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

static int refuse_for_qemu(const struct image *image, const char *architecture, struct failure *f)
{
	/* One program is for both byte orders. */
	bool is_ppc = strncmp(architecture, "ppc64", 5) == 0;
	bool is_arm = strcmp(architecture, "aarch64") == 0 || strcmp(architecture, "arm") == 0;

	return failure_set(
		f, FAILURE_NOT_SUPPORTED,
		"%s: its disk is for %s, and VMs are started for x86_64 only; 'mymachines "
		"run-qemu' takes qemu-system-%s (Debian's package qemu-system-%s)",
		image->name, architecture, is_ppc ? "ppc64" : architecture,
		is_ppc	 ? "ppc"
		: is_arm ? "arm"
			 : "misc");
}

/* A container needs programs that this host starts, and a VM a disk that QEMU's program for x86-64 does. */
static int check_architecture(const struct image *image, enum runner runner, struct failure *f)
{
	const char *architecture = image_architecture(image);

	if (!architecture)
		return 0;
	if (runner == RUNNER_QEMU)
		return strcmp(architecture, "x86_64") == 0 || strcmp(architecture, "i686") == 0
			       ? 0
			       : refuse_for_qemu(image, architecture, f);
	if (architecture_runs_here(architecture))
		return 0;
	return failure_set(f, FAILURE_NOT_SUPPORTED,
			   "%s: its programs are for %s, and this host doesn't start these without "
			   "qemu-user (Debian's package qemu-user-static)",
			   image->name, architecture);
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

static int begin_log(struct start_log *log, const char *path, struct failure *f)
{
	if (mkdir(LOG_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return failure_errno(f, -errno, "cannot make %s", LOG_DIRECTORY);
	return start_log_begin(log, path, f);
}

/* Start a command in the background: with no terminal, its output in a log, and a lock for as long as it runs. */
static pid_t start_background(const char *const *command, int log, const struct image_lock *lock,
			      struct failure *f)
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
	image_lock_pass_on(lock);
	execv(command[0], (char *const *) command);
	_exit(EXIT_NOT_FOUND);
}

/* The last line of a log that isn't empty; rather one of the runner's than of ours, which only says that it has ended. */
static const char *last_line(struct arena *arena, const char *path)
{
	const char *last = "", *last_of_ours = "";
	char *text, *line;
	size_t size;

	if (input_read_file_up_to(arena, path, START_LOG_SIZE_MAX, &text, &size) < 0)
		return "";
	while ((line = strsep(&text, "\r\n"))) {
		if (strncmp(line, "mymachines: ", strlen("mymachines: ")) == 0)
			last_of_ours = line;
		else if (*line)
			last = line;
	}
	return arena_escape(arena, *last ? last : last_of_ours);
}

/* A disk may be that of a VM. */
static const char *advice_for(const struct image *image, enum runner runner)
{
	return image_is_disk(image) && runner == RUNNER_NSPAWN
		       ? "; --runner=qemu starts a disk as a VM"
		       : "";
}

/* A VM runs when QEMU answers: it is registered earlier, and may still find that the host can't do what it needs. */
static bool is_running(struct arena *arena, const struct image *image, enum runner runner)
{
	return is_registered(image->name) &&
	       (runner != RUNNER_QEMU ||
		qmp_is_paused(start_qemu_control(arena, image->name), CONTROL_MILLISECONDS) >= 0);
}

/* Wait until the machine runs. Its command has failed if it ends before. */
static int await_machine(struct arena *arena, const struct image *image, enum runner runner,
			 pid_t pid, const char *path, struct start_log *log, struct failure *f)
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + START_MILLISECONDS;

	while (clock_milliseconds(CLOCK_MONOTONIC) < deadline) {
		int r = child_wait_for(pid, POLL_MILLISECONDS, NULL);

		if (r == 0) {
			start_log_wait(log);
			return failure_set(f, FAILURE_OTHER, "%s: did not start: %s (log: %s)%s",
					   image->name, last_line(arena, path), path,
					   advice_for(image, runner));
		}
		if (is_running(arena, image, runner))
			return 0;
	}
	child_end(pid, 0);
	return failure_set(f, FAILURE_TIMED_OUT, "%s: did not start within %d seconds (log: %s)",
			   image->name, START_MILLISECONDS / 1000, path);
}

static const char **make_command(struct arena *arena, const struct image *image, enum runner runner,
				 struct failure *f)
{
	if (runner == RUNNER_QEMU)
		return start_qemu_command(arena, image, f);
	if (program_is_installed("systemd-nspawn"))
		return start_nspawn_command(arena, image);
	failure_set(f, FAILURE_NO_PROGRAM,
		    "%s: systemd-nspawn isn't installed, which starts images (Debian's package "
		    "systemd-container)%s",
		    image->name, advice_for(image, runner));
	return NULL;
}

/* systemd-nspawn(1) takes locks itself. */
static int lock_image(struct image_lock *lock, const struct image *image, enum runner runner,
		      struct failure *f)
{
	if (runner != RUNNER_QEMU)
		return 0;
	return image_lock(lock, image->path,
			  image->is_read_only ? IMAGE_LOCK_SHARED : IMAGE_LOCK_EXCLUSIVE, f);
}

static pid_t start_command(struct arena *arena, const struct image *image, enum runner runner,
			   const char *path, struct start_log *log, struct failure *f)
{
	const char **command = make_command(arena, image, runner, f);
	struct image_lock lock = IMAGE_LOCK_NONE;
	pid_t pid;

	if (!command || lock_image(&lock, image, runner, f) < 0)
		return -1;
	/* Behind the lock: the log may be that of a machine that runs. */
	pid = begin_log(log, path, f) < 0 ? -1 : start_background(command, log->output, &lock, f);
	start_log_close(log);
	if (pid < 0)
		image_unlock(&lock);
	image_lock_leave(&lock);
	return pid;
}

static int start_here(struct arena *arena, const struct image *image, enum runner runner,
		      bool waits, struct failure *f)
{
	const char *path = arena_printf(arena, LOG_DIRECTORY "/%s.log", image->name);
	struct start_log log = START_LOG_NONE;
	pid_t pid = start_command(arena, image, runner, path, &log, f);
	int status = 0, r;

	start_log_close(&log);
	if (pid < 0 || await_machine(arena, image, runner, pid, path, &log, f) < 0)
		return -1;
	if (!waits)
		return 0;
	r = child_wait(pid, &status);
	if (r < 0)
		return failure_errno(f, r, "%s: cannot wait for its end", image->name);
	start_log_wait(&log);
	if (child_exit_status(status))
		return failure_set(f, FAILURE_OTHER, "%s: ended with exit status %d (log: %s)",
				   image->name, child_exit_status(status), path);
	return 0;
}

/* As systemd does it: containers. Only a disk can be something else, where nothing starts containers. */
static enum runner choose_runner(const struct image *image, enum runner wanted)
{
	if (wanted != RUNNER_ANY)
		return wanted;
	return image_is_disk(image) && !program_is_installed("systemd-nspawn") &&
			       program_is_installed(START_QEMU_PROGRAM)
		       ? RUNNER_QEMU
		       : RUNNER_NSPAWN;
}

static int start_image(struct arena *arena, const struct image *image, void *data,
		       struct failure *f)
{
	const struct start_settings *settings = data;
	enum runner runner = choose_runner(image, settings->runner);

	if (check_machine_name(image, f) < 0)
		return -1;
	if (is_registered(image->name))
		return failure_set(f, FAILURE_EXISTS, "%s: runs already", image->name);
	if (check_architecture(image, runner, f) < 0)
		return -1;
	if (systemd_is_running() && runner == RUNNER_NSPAWN && !settings->waits)
		return start_unit(arena, image->name, f);
	return start_here(arena, image, runner, settings->waits, f);
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

/* machinectl(1) has the second one for VMs. */
static int set_runner(void *member, const char *value, struct failure *f)
{
	enum runner *runner = member;

	if (strcmp(value, "nspawn") == 0)
		*runner = RUNNER_NSPAWN;
	else if (strcmp(value, "qemu") == 0 || strcmp(value, "vmspawn") == 0)
		*runner = RUNNER_QEMU;
	else
		return failure_set(f, FAILURE_USAGE, "nspawn and qemu start machines");
	return 0;
}

static const struct verb_option start_options[] = {
	{ "runner", .argument = "RUNNER", SETS(struct start_settings, runner, set_runner),
	  .help = "nspawn for a container, or qemu for a VM (default: nspawn, if it is installed)",
	  .values = "nspawn qemu" },
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
		       "/NAME.log. QEMU starts a disk as a VM.",
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
