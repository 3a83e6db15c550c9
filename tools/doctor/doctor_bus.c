/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: who answers org.freedesktop.machine1 and org.freedesktop.import1 on the system bus? */
#include "base/array_size.h"
#include "host/machine1.h"
#include "tools/doctor/doctor.h"
#include "tools/setup/bus_files.h"
#include "tools/setup/setup.h"

#include <string.h>

static void tell_owner(struct doctor *doctor, const struct bus_target *target,
		       const struct bus_owner *owner)
{
	const char *slash = owner->program ? strrchr(owner->program, '/') : NULL;

	doctor_find(doctor, FINDING_OK, NULL, "%s answers %s on the system bus",
		    slash ? slash + 1 : "a program that can't be looked at", target->name);
}

/* Ours is set up, and another one answers: it was started before. */
static void tell_intruder(struct doctor *doctor, const struct bus_target *target,
			  const struct bus_owner *owner)
{
	doctor_find(doctor, FINDING_WARNING,
		    arena_printf(doctor->arena, "kill %d; mymachines setup bus", (int) owner->pid),
		    "%s answers %s on the system bus, and %s is set up to do so",
		    owner->program ? owner->program : "another program", target->name,
		    target->program);
}

static void check_name(struct doctor *doctor, const struct bus_target *target, bool is_ready)
{
	struct bus_owner owner;
	struct failure f;

	if (!bus_program(doctor->arena, target->program))
		return;
	if (bus_find_owner(doctor->arena, target->program, &owner, &f) < 0)
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "%s", f.text);
	else if (owner.pid > 0 && is_ready && !owner.is_ours)
		tell_intruder(doctor, target, &owner);
	else if (owner.pid > 0)
		tell_owner(doctor, target, &owner);
	else if (is_ready)
		doctor_find(doctor, FINDING_OK, NULL, "%s answers %s when somebody asks",
			    target->program, target->name);
}

static bool is_of(const struct change *change, const struct bus_target *target)
{
	const char *slash = strrchr(change->path, '/');

	return (change->subject && strcmp(change->subject, target->name) == 0) ||
	       strcmp(change->path, target->policy) == 0 ||
	       strcmp(change->path, target->activation) == 0 ||
	       (slash && strcmp(slash + 1, target->unit) == 0);
}

/* A text of another version of setup does the same, if it starts the same program. */
static bool is_missing(struct arena *arena, const struct change *change,
		       const struct bus_target *target)
{
	const char *program;

	if (!change_is_pending(change))
		return false;
	if (!change->before || !change->after)
		return true;
	program = bus_program(arena, target->program);
	return program && strstr(change->after, program) && !strstr(change->before, program);
}

/* The plan is for both names, of which one may lack something. */
static bool is_set_up(const struct setup_plan *plan, const struct bus_target *target)
{
	for (size_t i = 0; i < plan->n_changes; i++)
		if (is_of(&plan->changes[i], target) &&
		    is_missing(plan->arena, &plan->changes[i], target))
			return false;
	return true;
}

bool doctor_bus_is_set_up(const struct doctor *doctor)
{
	struct setup_options options = { .unattended = true };
	struct setup_plan plan;
	struct failure f;
	const struct setup_target *target = setup_find_target("bus", &f);

	return target && bus_is_there() && bus_program(doctor->arena, MACHINE1_PROGRAM) &&
	       setup_make_plan(doctor->arena, target, &options, &plan, &f) == 0 &&
	       is_set_up(&plan, &bus_machine1);
}

void check_bus(struct doctor *doctor)
{
	static const struct bus_target *const targets[] = { &bus_machine1, &bus_import1 };
	struct setup_options options = { .unattended = true };
	struct setup_plan plan;
	struct failure f;
	bool is_planned;
	const struct setup_target *target = setup_find_target("bus", &f);

	if (!target || !bus_is_there() || !bus_program(doctor->arena, MACHINE1_PROGRAM))
		return;
	is_planned = setup_make_plan(doctor->arena, target, &options, &plan, &f) == 0;
	/* It was set up, and something has come in its way since. */
	if (!is_planned && machine1_can_be_started())
		doctor_find(doctor, FINDING_WARNING, NULL, "%s", f.text);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		check_name(doctor, targets[i], is_planned && is_set_up(&plan, targets[i]));
}
