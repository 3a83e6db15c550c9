/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets where others look for machines, such as that of systemd's user
 * database: held by socket units where systemd runs, elsewhere by the monitor,
 * which reads mymachines.conf(5).
 */
#include "base/configuration.h"
#include "base/program.h"
#include "host/systemd.h"
#include "tools/setup/marked_block.h"
#include "tools/setup/polkit_actions.h"
#include "tools/setup/setup_plan.h"
#include "tools/setup/unit_file.h"
#include "tools/sockets/service_socket.h"

#include <string.h>

#define SETTING "Varlink=yes\n"

/* Stopping a unit takes its processes' time. */
#define SYSTEMCTL_MS (90 * 1000)

static int systemctl(struct arena *arena, const char *verb, const char *unit,
		     struct program_answer *answer, struct failure *f)
{
	const char *const arguments[] = { "systemctl", verb, unit, NULL };

	return program_run(arena, arguments, SYSTEMCTL_MS, answer, f);
}

static int do_systemctl(struct arena *arena, const char *verb, const char *unit, struct failure *f)
{
	struct program_answer answer;

	if (systemctl(arena, verb, unit, &answer, f) < 0)
		return -1;
	return answer.status == 0 ? 0 : program_failure("systemctl", &answer, f);
}

/* Whether it is one of systemd-machined's own while that runs. Its end starts the socket. */
static bool is_machined_socket(const char *unit)
{
	for (size_t i = 0; i < n_service_sockets; i++)
		if (strcmp(service_sockets[i].unit, unit) == 0)
			return !service_sockets[i].stock_unit;
	return true;
}

static int apply_unit(struct arena *arena, const struct change *c, struct failure *f)
{
	if (!c->after)
		return do_systemctl(arena, "disable", c->subject, f) < 0
			       ? -1
			       : do_systemctl(arena, "stop", c->subject, f);
	if (do_systemctl(arena, "enable", c->subject, f) < 0)
		return -1;
	if (is_machined_socket(c->subject) && machined_pid() > 0)
		return 0;
	return do_systemctl(arena, "start", c->subject, f);
}

/* 'mymachines setup bus' hands it over. */
static bool is_held_by_stock(const struct service_socket *socket)
{
	return socket->stock_unit && unit_is_stock(socket->stock_unit);
}

static int add_unit(struct setup_plan *plan, const struct service_socket *socket, struct failure *f)
{
	struct change change = { .path = arena_printf(plan->arena, "the unit %s", socket->unit),
				 .subject = socket->unit,
				 .apply = apply_unit };
	struct program_answer answer;
	char program[PATH_MAX];

	if (!plan->options->remove &&
	    (!service_socket_find_program(socket, program) || is_held_by_stock(socket)))
		return 0;
	if (systemctl(plan->arena, "is-enabled", socket->unit, &answer, f) < 0)
		return -1;
	/* With another word, it has a second name, or is another unit's. These aren't ours to disable. */
	if (strncmp(answer.output, "enabled", strlen("enabled")) == 0)
		change.before = "enabled\n";
	else if (!plan->options->remove && !strstr(answer.output, "disabled"))
		return failure_set(f, FAILURE_NO_SUCH_FILE,
				   "systemd has no unit %s that can be enabled; install mymachines "
				   "with its units, or unmask it",
				   socket->unit);
	change.after = plan->options->remove ? NULL : "enabled\n";
	setup_add_change(plan, &change);
	return 0;
}

/* Where the block is now, unless a later line takes the setting back: the last one counts. */
static char *put_setting(struct arena *arena, const char *before)
{
	char *after = marked_block_put(arena, before, SETTING);

	if (configuration_parse(after).varlink)
		return after;
	return marked_block_put(arena, marked_block_remove(arena, before), SETTING);
}

static int add_setting(struct setup_plan *plan, bool remove, struct failure *f)
{
	struct change change = { .path = CONFIGURATION_PATH, .mode = 0644 };

	if (change_read(plan->arena, &change, f) < 0)
		return -1;
	change.after = remove ? marked_block_remove(plan->arena, change.before)
			      : put_setting(plan->arena, change.before);
	setup_add_change(plan, &change);
	return 0;
}

/* Of what others ask polkit about, too. */
static int add_actions(struct setup_plan *plan, struct failure *f)
{
	bool remove = plan->options->remove;

	if (remove && setup_bus_is_done())
		return 0;
	if (setup_add_actions(plan, &bus_machine1, remove, f) < 0)
		return -1;
	return setup_add_actions(plan, &bus_import1, remove, f);
}

/* Which sockets others answer, and until when. */
static const char *find_next_step(const struct setup_plan *plan)
{
	const char *step = machined_pid() > 0 ? "systemd-machined answers until it ends" : NULL;

	for (size_t i = 0; i < n_service_sockets; i++)
		if (is_held_by_stock(&service_sockets[i]))
			step = arena_printf(plan->arena,
					    "%s%s%s answers at %s until mymachines setup bus",
					    step ?: "", step ? "; " : "",
					    service_sockets[i].stock_unit, service_sockets[i].path);
	return step;
}

int setup_varlink(struct setup_plan *plan, struct failure *f)
{
	bool units = systemd_is_running();

	if (add_setting(plan, plan->options->remove || units, f) < 0)
		return -1;
	for (size_t i = 0; units && i < n_service_sockets; i++)
		if (add_unit(plan, &service_sockets[i], f) < 0)
			return -1;
	if (add_actions(plan, f) < 0)
		return -1;
	if (units && !plan->options->remove)
		plan->next_step = find_next_step(plan);
	else if (!units)
		plan->next_step = "a monitor that runs reads the setting when it is started again: "
				  "end it, and run mymachines monitor --background";
	return 0;
}
