/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: do the installed runtimes register their machines? */
#include "host/systemd.h"
#include "tools/doctor/doctor.h"
#include "tools/setup/setup.h"

#include <string.h>

/* Where systemd runs, these register their machines by the bus, without hooks. */
static bool registers_by_bus(const struct doctor *doctor, const struct setup_target *target)
{
	return (strcmp(target->name, "nspawn") == 0 || strcmp(target->name, "libvirt") == 0) &&
	       systemd_is_running() && doctor_bus_is_set_up(doctor);
}

static void tell_missing(struct doctor *doctor, const struct setup_target *target)
{
	if (registers_by_bus(doctor, target))
		doctor_find(doctor, FINDING_OK, NULL, "%s registers its machines by the bus",
			    target->name);
	else
		doctor_find(doctor, FINDING_WARNING,
			    arena_printf(doctor->arena, "mymachines setup %s", target->name),
			    "%s doesn't register its machines", target->name);
}

static void check_runtime(struct doctor *doctor, const struct setup_target *target)
{
	struct setup_gaps gaps;
	struct failure f;

	switch (setup_look(doctor->arena, target, &gaps, &f)) {
	case SETUP_NOT_INSTALLED: return;
	case SETUP_DONE:
		doctor_find(doctor, FINDING_OK, NULL, "%s registers its machines", target->name);
		return;
	case SETUP_PER_CONTAINER:
		doctor_find(doctor, FINDING_OK, NULL,
			    "%s has hooks in each bundle: mymachines setup %s --bundle=PATH",
			    target->name, target->name);
		return;
	case SETUP_PARTIAL:
		for (size_t i = 0; i < gaps.count; i++)
			doctor_find(doctor, FINDING_WARNING, NULL, "%s: %s", target->name,
				    gaps.items[i]);
		return;
	case SETUP_UNKNOWN:
		doctor_find(doctor, FINDING_UNKNOWN, NULL, "%s: %s", target->name, f.text);
		return;
	case SETUP_OUTDATED:
		doctor_find(doctor, FINDING_WARNING,
			    arena_printf(doctor->arena,
					 "mymachines setup %s, with the same options as before",
					 target->name),
			    "%s registers its machines, but isn't set up as setup would do it now",
			    target->name);
		return;
	case SETUP_MISSING: tell_missing(doctor, target); return;
	}
}

void check_runtimes(struct doctor *doctor)
{
	for (size_t i = 0; i < n_setup_targets; i++)
		check_runtime(doctor, &setup_targets[i]);
}
