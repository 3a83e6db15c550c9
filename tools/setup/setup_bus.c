/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mymachines-bus as the one that answers org.freedesktop.machine1, beside an
 * installed systemd-machined whose files stay as they are: the bus reads
 * /usr/local before /usr, and systemd reads /etc before /usr. The bus policy
 * allows ordinary users more than that of an older systemd, whose daemon asks
 * no polkit. So it is written last and removed first.
 */
#include "base/input.h"
#include "base/program.h"
#include "base/quote.h"
#include "host/machine1.h"
#include "host/systemd.h"
#include "tools/setup/bus_files.h"
#include "tools/setup/setup_plan.h"
#include "tools/setup/trusted_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define POLICY	   "/etc/dbus-1/system.d/mymachines-machine1.conf"
#define ACTIVATION "/usr/local/share/dbus-1/system-services/org.freedesktop.machine1.service"
#define UNITS	   "/etc/systemd/system/"
#define OWN_UNIT   "mymachines-bus.service"
#define STOCK_UNIT "systemd-machined.service"
#define ACTIONS	   "/usr/share/polkit-1/actions/"

/* Stopping a unit takes its processes' time. */
#define SYSTEMCTL_MS (90 * 1000)

/* What is written into the plan for a link, and for what is done with a program. */
#define LINK_TEXT "a link to " OWN_UNIT "\n"

static int systemctl(struct arena *arena, const char *verb, const char *unit, struct failure *f)
{
	const char *const arguments[] = { "systemctl", verb, unit, NULL };
	struct program_answer answer;

	if (program_run(arena, arguments, SYSTEMCTL_MS, &answer, f) < 0)
		return -1;
	return answer.status == 0 ? 0 : program_failure("systemctl", &answer, f);
}

/* What stands at a link's path: "a link to X", or NULL. */
static int read_link(struct arena *arena, const char *path, const char **text, struct failure *f)
{
	char *target = arena_alloc(arena, PATH_MAX), quoted[QUOTED_SIZE];
	ssize_t length = readlink(path, target, PATH_MAX - 1);

	*text = NULL;
	if (length < 0 && errno == ENOENT)
		return 0;
	if (length < 0)
		return failure_set(f, FAILURE_EXISTS,
				   "%s: somebody has put another unit in its place; move it away "
				   "first: rm %s",
				   quote(path, quoted), path);
	target[length] = '\0';
	*text = arena_printf(arena, "a link to %s\n", target);
	return 0;
}

static int apply_link(struct arena *arena, const struct change *c, struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };

	if (trusted_file_open(&file, arena, c->path,
			      TRUSTED_FILE_KEEP_LINK | TRUSTED_FILE_MAKE_DIRECTORIES, f) < 0)
		return -1;
	if (!c->after)
		return trusted_file_remove(&file, f);
	if (symlinkat(OWN_UNIT, file.directory, file.name) < 0)
		return failure_errno(f, -errno, "cannot make the link %s", c->path);
	return 0;
}

/* A name of our unit. One that is masked stays so: nobody starts the other one then. */
static int add_link(struct setup_plan *plan, const char *path, bool remove, struct failure *f)
{
	struct change change = { .path = path, .apply = apply_link };
	char quoted[QUOTED_SIZE];

	if (read_link(plan->arena, path, &change.before, f) < 0)
		return remove ? 0 : -1;
	if (change.before && strcmp(change.before, LINK_TEXT) != 0) {
		if (remove || strcmp(change.before, "a link to /dev/null\n") == 0)
			return 0;
		return failure_set(f, FAILURE_EXISTS,
				   "%s: it is %.*s, and systemd would start that one; move it away "
				   "first: rm %s",
				   quote(path, quoted), (int) strcspn(change.before, "\n"),
				   change.before, path);
	}
	change.after = remove ? NULL : LINK_TEXT;
	setup_add_change(plan, &change);
	return 0;
}

static bool systemd_is_installed(void)
{
	return access("/usr/lib/systemd/system", F_OK) == 0 ||
	       access("/lib/systemd/system", F_OK) == 0;
}

/* The unit, and the two names by which the bus and others start it. No program: they are removed. */
static int add_units(struct setup_plan *plan, const char *program, struct failure *f)
{
	bool remove = !program;

	if (!remove && !systemd_is_installed())
		return 0;
	if (setup_add_file(plan, UNITS OWN_UNIT,
			   program ? bus_unit_text(plan->arena, program) : NULL, 0644,
			   BUS_FILES_MARK, f) < 0 ||
	    add_link(plan, UNITS STOCK_UNIT, remove, f) < 0)
		return -1;
	return add_link(plan, UNITS "dbus-org.freedesktop.machine1.service", remove, f);
}

static int add_activation(struct setup_plan *plan, const char *program, struct failure *f)
{
	return setup_add_file(plan, ACTIVATION,
			      program ? bus_activation_text(plan->arena, program) : NULL, 0644,
			      BUS_FILES_MARK, f);
}

/* polkit knows no action that no file defines, and then says no. */
static int add_actions(struct setup_plan *plan, struct failure *f)
{
	bool remove = plan->options->remove;
	char *installed = NULL;
	size_t size;

	if (!remove && access(ACTIONS, F_OK) < 0)
		return 0;
	(void) !input_read_file(plan->arena, ACTIONS "org.freedesktop.machine1.policy", &installed,
				&size);
	return setup_add_file(plan, ACTIONS "mymachines-machine1.policy",
			      remove ? NULL : bus_actions_text(plan->arena, installed), 0644,
			      BUS_FILES_MARK, f);
}

/* Nobody but us owns the name, nor will before the bus reads its files again. */
static int check_owner(struct arena *arena, struct failure *f)
{
	struct machine1_owner owner;

	if (!machine1_has_bus())
		return 0;
	if (machine1_find_owner(arena, &owner, f) < 0)
		return -1;
	if (owner.pid == 0 || owner.is_ours)
		return 0;
	return failure_set(f, FAILURE_BUSY,
			   "%s still answers (pid %d), so the policy isn't written; end it, then "
			   "repeat this: kill %d",
			   owner.program ? owner.program : "another program", (int) owner.pid,
			   (int) owner.pid);
}

static int reload_bus(struct arena *arena, struct failure *f)
{
	return machine1_has_bus() ? machine1_reload_bus(arena, f) : 0;
}

/* As of a file, but only where nobody else answers. */
static int apply_policy(struct arena *arena, const struct change *c, struct failure *f)
{
	struct change file = *c;

	file.apply = NULL;
	if (c->after && (reload_bus(arena, f) < 0 || check_owner(arena, f) < 0))
		return -1;
	return change_apply(arena, &file, f) < 0 ? -1 : reload_bus(arena, f);
}

static int add_policy(struct setup_plan *plan, struct failure *f)
{
	if (setup_add_file(plan, POLICY,
			   plan->options->remove ? NULL : bus_policy_text(plan->arena), 0644,
			   BUS_FILES_MARK, f) < 0)
		return -1;
	plan->changes[plan->n_changes - 1].apply = apply_policy;
	return 0;
}

static int apply_hand_over(struct arena *arena, const struct change *c, struct failure *f)
{
	(void) c;
	/* By the unit that is loaded, before its name is another one's. */
	if (machined_pid() > 0 && systemctl(arena, "stop", STOCK_UNIT, f) < 0)
		return -1;
	return systemctl(arena, "daemon-reload", NULL, f);
}

/* End the process that answers, so that the next call starts the other one. */
static int apply_end(struct arena *arena, const struct change *c, struct failure *f)
{
	struct machine1_owner owner = { 0 };

	(void) c;
	if (systemd_is_running())
		return systemctl(arena, "stop", OWN_UNIT, f) < 0
			       ? -1
			       : systemctl(arena, "daemon-reload", NULL, f);
	if (machine1_find_owner(arena, &owner, f) < 0)
		return -1;
	if (owner.is_ours && kill(owner.pid, SIGTERM) < 0 && errno != ESRCH)
		return failure_errno(f, -errno, "cannot end pid %d", (int) owner.pid);
	return reload_bus(arena, f);
}

/* What is done besides files, if it has to be. */
static void add_action(struct setup_plan *plan, const char *subject, const char *words,
		       int (*apply)(struct arena *, const struct change *, struct failure *))
{
	struct change change = { .path = subject, .before = "", .after = words, .apply = apply };

	setup_add_change(plan, &change);
}

static int plan_removal(struct setup_plan *plan, struct failure *f)
{
	struct machine1_owner owner = { 0 };

	if (add_policy(plan, f) < 0 || add_activation(plan, NULL, f) < 0 ||
	    add_units(plan, NULL, f) < 0 || add_actions(plan, f) < 0)
		return -1;
	if (machine1_has_bus() && machine1_find_owner(plan->arena, &owner, f) < 0)
		owner.is_ours = false; /* without our program, it can't be */
	if (owner.is_ours || (systemd_is_running() && setup_is_pending(plan)))
		add_action(plan, "org.freedesktop.machine1",
			   "mymachines-bus is ended; what is installed beside it answers the next "
			   "call\n",
			   apply_end);
	return 0;
}

int setup_bus(struct setup_plan *plan, struct failure *f)
{
	const char *program;

	if (plan->options->remove)
		return plan_removal(plan, f);
	program = machine1_program(plan->arena);
	if (!program)
		return failure_set(f, FAILURE_NO_PROGRAM, "mymachines-bus isn't installed");
	plan->next_step =
		"mymachines-bus answers org.freedesktop.machine1 from now on; machines that "
		"systemd-machined knew are registered when they start again";
	if (add_units(plan, program, f) < 0 || add_activation(plan, program, f) < 0 ||
	    add_actions(plan, f) < 0)
		return -1;
	if (systemd_is_running() && (setup_is_pending(plan) || machined_pid() > 0))
		add_action(plan, "systemd",
			   machined_pid() > 0
				   ? "reads its units again; systemd-machined is stopped, "
				     "and isn't started any more\n"
				   : "reads its units again\n",
			   apply_hand_over);
	return add_policy(plan, f);
}
