/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: who answers org.freedesktop.machine1 on the system bus? */
#include "host/machine1.h"
#include "tools/doctor/doctor.h"
#include "tools/setup/setup.h"

#include <string.h>

static void tell_owner(struct doctor *doctor, const struct bus_owner *owner)
{
	const char *slash = owner->program ? strrchr(owner->program, '/') : NULL;

	doctor_find(doctor, FINDING_OK, NULL,
		    "%s answers org.freedesktop.machine1 on the system bus",
		    slash ? slash + 1 : "a program that can't be looked at");
}

/* Ours is set up, and another one answers: it was started before. */
static void tell_intruder(struct doctor *doctor, const struct bus_owner *owner)
{
	doctor_find(
		doctor, FINDING_WARNING,
		arena_printf(doctor->arena, "kill %d; mymachines setup bus", (int) owner->pid),
		"%s answers org.freedesktop.machine1 on the system bus, and mymachines-bus is set "
		"up to do so",
		owner->program ? owner->program : "another program");
}

void check_bus(struct doctor *doctor)
{
	struct setup_options options = { .unattended = true };
	struct bus_owner owner;
	struct setup_plan plan;
	struct failure f;
	bool is_planned, is_set_up;
	const struct setup_target *target = setup_find_target("bus", &f);

	if (!target || !bus_is_there() || !bus_program(doctor->arena, MACHINE1_PROGRAM))
		return;
	if (bus_find_owner(doctor->arena, MACHINE1_PROGRAM, &owner, &f) < 0) {
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "%s", f.text);
		return;
	}
	is_planned = setup_make_plan(doctor->arena, target, &options, &plan, &f) == 0;
	is_set_up = is_planned && !setup_is_pending(&plan);
	/* It was set up, and something has come in its way since. */
	if (!is_planned && machine1_can_be_started())
		doctor_find(doctor, FINDING_WARNING, NULL, "%s", f.text);
	if (owner.pid > 0 && is_set_up && !owner.is_ours)
		tell_intruder(doctor, &owner);
	else if (owner.pid > 0)
		tell_owner(doctor, &owner);
	else if (is_set_up)
		doctor_find(doctor, FINDING_OK, NULL,
			    "mymachines-bus answers org.freedesktop.machine1 when somebody asks");
}
