/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mymachines-bus as the one that answers org.freedesktop.machine1, and mymachines-import-bus
 * org.freedesktop.import1, beside installed daemons of systemd, whose files stay as they are: the bus reads
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
#include "tools/setup/polkit_actions.h"
#include "tools/setup/setup_plan.h"
#include "tools/setup/trusted_file.h"
#include "tools/setup/unit_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define UNITS "/etc/systemd/system/"

/* Stopping a unit takes its processes' time. */
#define SYSTEMCTL_MS (90 * 1000)

/* The target of a change, whose subject is its name. */
static const struct bus_target *target_of(const struct change *change)
{
	return strcmp(change->subject, bus_import1.name) == 0 ? &bus_import1 : &bus_machine1;
}

/* The text in the plan that stands for a link. */
static char *link_text(struct arena *arena, const char *to)
{
	return arena_printf(arena, "a link to %s\n", to);
}

/* Its exit status for a unit that isn't loaded, and so doesn't run: systemctl(1), "EXIT STATUS". */
#define SYSTEMCTL_NOT_LOADED 5

static int systemctl(struct arena *arena, const char *verb, const char *unit, struct failure *f)
{
	const char *const arguments[] = { "systemctl", verb, unit, NULL };
	struct program_answer answer;

	if (program_run(arena, arguments, SYSTEMCTL_MS, &answer, f) < 0)
		return -1;
	/* An idle service may have ended, and removed its file. A socket's unit may not be installed. */
	if (answer.status == 0 || answer.status == SYSTEMCTL_NOT_LOADED)
		return 0;
	return program_failure("systemctl", &answer, f);
}

/* The present contents of a link's path: "a link to X", or NULL. */
static int read_link(struct arena *arena, const char *path, const char **text, struct failure *f)
{
	char *target = arena_alloc(arena, PATH_MAX), quoted[QUOTED_SIZE];
	ssize_t length = readlink(path, target, PATH_MAX - 1);

	*text = NULL;
	if (length < 0 && errno == ENOENT)
		return 0;
	if (length < 0)
		return failure_set(f, FAILURE_EXISTS,
				   "%s: another unit is in its place; move it away "
				   "first: rm %s",
				   quote(path, quoted), path);
	target[length] = '\0';
	*text = link_text(arena, target);
	return 0;
}

static int set_link(struct arena *arena, const struct change *c, const char *unit,
		    struct failure *f)
{
	CLEANUP(trusted_file_close) struct trusted_file file = { .directory = -1, .fd = -1 };

	if (trusted_file_open(&file, arena, c->path,
			      TRUSTED_FILE_KEEP_LINK | TRUSTED_FILE_MAKE_DIRECTORIES, f) < 0)
		return -1;
	if (!c->after)
		return trusted_file_remove(&file, f);
	if (symlinkat(unit, file.directory, file.name) < 0)
		return failure_errno(f, -errno, "cannot make the link %s", c->path);
	return 0;
}

static int apply_link(struct arena *arena, const struct change *c, struct failure *f)
{
	return set_link(arena, c, target_of(c)->unit, f);
}

static int reload_units(struct arena *arena, struct failure *f)
{
	return systemctl(arena, "daemon-reload", NULL, f);
}

/*
 * Varlink's callers start systemd's service by its socket. Give our socket's unit the name of that one, too: they
 * would start mymachines-import-bus otherwise, which doesn't answer them.
 */
static int apply_socket_link(struct arena *arena, const struct change *c, struct failure *f)
{
	const struct bus_target *target = target_of(c);
	bool units = systemd_is_running();

	if (units &&
	    systemctl(arena, "stop", c->after ? target->stock_socket : target->socket, f) < 0)
		return -1;
	if (set_link(arena, c, target->socket, f) < 0)
		return -1;
	if (!units)
		return 0;
	if (reload_units(arena, f) < 0)
		return -1;
	return systemctl(arena, "start", c->after ? target->socket : target->stock_socket, f);
}

/* A name of our unit. One that is masked stays so: nobody starts the other one then. */
static int add_link(struct setup_plan *plan, const struct bus_target *target, const char *name,
		    bool remove, struct failure *f)
{
	const char *path = arena_printf(plan->arena, UNITS "%s", name);
	bool is_socket = target->stock_socket && strcmp(name, target->stock_socket) == 0;
	char *ours = link_text(plan->arena, is_socket ? target->socket : target->unit),
	     quoted[QUOTED_SIZE];
	struct change change = { .path = path,
				 .apply = is_socket ? apply_socket_link : apply_link,
				 .subject = target->name };

	if (read_link(plan->arena, path, &change.before, f) < 0)
		return remove ? 0 : -1;
	if (change.before && strcmp(change.before, ours) != 0) {
		if (remove || strcmp(change.before, "a link to /dev/null\n") == 0)
			return 0;
		return failure_set(f, FAILURE_EXISTS,
				   "%s: it is %.*s, and systemd would start that one; move it away "
				   "first: rm %s",
				   quote(path, quoted), (int) strcspn(change.before, "\n"),
				   change.before, path);
	}
	change.after = remove ? NULL : ours;
	setup_add_change(plan, &change);
	return 0;
}

static bool systemd_is_installed(void)
{
	return access("/usr/lib/systemd/system", F_OK) == 0 ||
	       access("/lib/systemd/system", F_OK) == 0;
}

/* systemd starts neither of two services that want one name of the bus. */
static int check_claims(struct arena *arena, const struct bus_target *target, struct failure *f)
{
	const char *path =
		unit_find_bus_claim(arena, target->name, target->unit, target->stock_unit);
	char quoted[QUOTED_SIZE];

	if (!path)
		return 0;
	return failure_set(f, FAILURE_EXISTS,
			   "%s: it wants the name %s, too, and systemd starts neither then; move "
			   "it away first: rm %s",
			   quote(path, quoted), target->name, path);
}

/* The unit, and the two names by which the bus and others start it. No program: they are removed. */
static int add_units(struct setup_plan *plan, const struct bus_target *target, const char *program,
		     struct failure *f)
{
	bool remove = !program;

	if (!remove && !systemd_is_installed())
		return 0;
	if (!remove && check_claims(plan->arena, target, f) < 0)
		return -1;
	if (setup_add_sealed_file(plan, arena_printf(plan->arena, UNITS "%s", target->unit),
				  program ? bus_unit_text(plan->arena, target, program) : NULL,
				  BUS_FILES_MARK, f) < 0 ||
	    add_link(plan, target, target->stock_unit, remove, f) < 0)
		return -1;
	return add_link(plan, target, target->bus_unit, remove, f);
}

/* After all else: systemd reads its units again, and the service is another one by then. */
static int add_socket(struct setup_plan *plan, const struct bus_target *target, struct failure *f)
{
	bool remove = plan->options->remove;

	if (!target->stock_socket || (!remove && !unit_is_stock(target->stock_socket)))
		return 0;
	return add_link(plan, target, target->stock_socket, remove, f);
}

static int add_activation(struct setup_plan *plan, const struct bus_target *target,
			  const char *program, struct failure *f)
{
	return setup_add_sealed_file(plan, target->activation,
				     program ? bus_activation_text(plan->arena, target, program)
					     : NULL,
				     BUS_FILES_MARK, f);
}

/* Others need them, too. */
static int add_actions(struct setup_plan *plan, const struct bus_target *target, struct failure *f)
{
	bool remove = plan->options->remove;

	if (remove && setup_varlink_is_done(plan->arena))
		return 0;
	return setup_add_actions(plan, target, remove, f);
}

/* Nobody but us owns the name, nor will before the bus reads its files again. */
static int check_owner(struct arena *arena, const struct bus_target *target, struct failure *f)
{
	struct bus_owner owner;

	if (!bus_is_there())
		return 0;
	if (bus_find_owner(arena, target->program, &owner, f) < 0)
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
	return bus_is_there() ? bus_reload(arena, f) : 0;
}

/* As of a file, but only where nobody else answers. */
static int apply_policy(struct arena *arena, const struct change *c, struct failure *f)
{
	struct change file = *c;

	file.apply = NULL;
	if (c->after && (reload_bus(arena, f) < 0 || check_owner(arena, target_of(c), f) < 0))
		return -1;
	return change_apply(arena, &file, f) < 0 ? -1 : reload_bus(arena, f);
}

static int add_policy(struct setup_plan *plan, const struct bus_target *target, bool remove,
		      struct failure *f)
{
	struct change *change;

	if (setup_add_sealed_file(plan, target->policy,
				  remove ? NULL : bus_policy_text(plan->arena, target),
				  BUS_FILES_MARK, f) < 0)
		return -1;
	change = &plan->changes[plan->n_changes - 1];
	change->apply = apply_policy;
	change->subject = target->name;
	return 0;
}

static int apply_hand_over(struct arena *arena, const struct change *c, struct failure *f)
{
	const struct bus_target *target = target_of(c);

	/* By the unit that is loaded, before its name is another one's. */
	if (system_service_pid(target->stock_unit) > 0 &&
	    systemctl(arena, "stop", target->stock_unit, f) < 0)
		return -1;
	return reload_units(arena, f);
}

/* End the process that answers, so that the next call starts the other one. */
static int apply_end(struct arena *arena, const struct change *c, struct failure *f)
{
	const struct bus_target *target = target_of(c);
	struct bus_owner owner = { 0 };

	/* Its file is gone, so systemd knows a unit that doesn't run no more. */
	if (systemd_is_running())
		return system_service_pid(target->unit) > 0 &&
				       systemctl(arena, "stop", target->unit, f) < 0
			       ? -1
			       : reload_units(arena, f);
	if (bus_find_owner(arena, target->program, &owner, f) < 0)
		return -1;
	if (owner.is_ours && kill(owner.pid, SIGTERM) < 0 && errno != ESRCH)
		return failure_errno(f, -errno, "cannot end pid %d", (int) owner.pid);
	return reload_bus(arena, f);
}

/* The steps besides files, if they are needed. */
static void add_action(struct setup_plan *plan, const struct bus_target *target, const char *path,
		       const char *words,
		       int (*apply)(struct arena *, const struct change *, struct failure *))
{
	struct change change = {
		.path = path, .before = "", .after = words, .apply = apply, .subject = target->name
	};

	setup_add_change(plan, &change);
}

/* Whether a change from this one on is to be made. */
static bool is_pending_from(const struct setup_plan *plan, size_t first)
{
	for (size_t i = first; i < plan->n_changes; i++)
		if (change_is_pending(&plan->changes[i]))
			return true;
	return false;
}

static int plan_removal(struct setup_plan *plan, const struct bus_target *target, struct failure *f)
{
	struct bus_owner owner = { 0 };
	size_t first = plan->n_changes;

	if (add_policy(plan, target, true, f) < 0 || add_activation(plan, target, NULL, f) < 0 ||
	    add_units(plan, target, NULL, f) < 0 || add_actions(plan, target, f) < 0)
		return -1;
	if (bus_is_there() && bus_find_owner(plan->arena, target->program, &owner, f) < 0)
		owner.is_ours = false; /* without our program, it can't be */
	if (owner.is_ours || (systemd_is_running() && is_pending_from(plan, first)))
		add_action(plan, target, target->name,
			   arena_printf(plan->arena,
					"%s is stopped; systemd's daemon, if it is installed, "
					"answers the next "
					"call\n",
					target->program),
			   apply_end);
	return add_socket(plan, target, f);
}

static int plan_target(struct setup_plan *plan, const struct bus_target *target,
		       const char *program, struct failure *f)
{
	bool is_other = system_service_pid(target->stock_unit) > 0;
	size_t first = plan->n_changes;

	if (add_units(plan, target, program, f) < 0 ||
	    add_activation(plan, target, program, f) < 0 || add_actions(plan, target, f) < 0)
		return -1;
	if (systemd_is_running() && (is_pending_from(plan, first) || is_other))
		add_action(plan, target, "systemd",
			   is_other ? arena_printf(plan->arena,
						   "reads its units again; %s is stopped, "
						   "and isn't started any more\n",
						   target->stock_program)
				    : "reads its units again\n",
			   apply_hand_over);
	return add_socket(plan, target, f) < 0 ? -1 : add_policy(plan, target, false, f);
}

int setup_bus(struct setup_plan *plan, struct failure *f)
{
	const char *program, *import_program;

	if (plan->options->remove)
		return plan_removal(plan, &bus_machine1, f) < 0
			       ? -1
			       : plan_removal(plan, &bus_import1, f);
	program = bus_program(plan->arena, MACHINE1_PROGRAM);
	if (!program)
		return failure_set(f, FAILURE_NO_PROGRAM, MACHINE1_PROGRAM " isn't installed");
	plan->next_step =
		"mymachines-bus answers org.freedesktop.machine1 from now on; machines that "
		"systemd-machined knew are registered when they start again";
	if (plan_target(plan, &bus_machine1, program, f) < 0)
		return -1;
	/* It isn't built without libarchive. */
	import_program = bus_program(plan->arena, IMPORT1_PROGRAM);
	return import_program ? plan_target(plan, &bus_import1, import_program, f) : 0;
}
