/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: do the installed runtimes register their machines? */
#include "base/program.h"
#include "host/systemd.h"
#include "tools/doctor/doctor.h"
#include "tools/setup/setup.h"

#include <stdio.h>
#include <string.h>

/* systemd-nspawn asks the socket first since this version, and only then the bus. */
#define NSPAWN_VARLINK_VERSION 261

#define NSPAWN_MILLISECONDS 3000

static bool nspawn_knows_varlink(const struct doctor *doctor)
{
	const char *const arguments[] = { "systemd-nspawn", "--version", NULL };
	struct program_answer answer;
	struct failure f;
	unsigned int version;

	return program_run(doctor->arena, arguments, NSPAWN_MILLISECONDS, &answer, &f) == 0 &&
	       answer.status == 0 && sscanf(answer.output, "systemd %u", &version) == 1 &&
	       version >= NSPAWN_VARLINK_VERSION;
}

/* By what a runtime registers its machines where systemd runs, without hooks; or NULL. */
static const char *find_other_way(const struct doctor *doctor, const struct setup_target *target)
{
	bool is_nspawn = strcmp(target->name, "nspawn") == 0;

	if (!systemd_is_running() || (!is_nspawn && strcmp(target->name, "libvirt") != 0))
		return NULL;
	if (is_nspawn && nspawn_knows_varlink(doctor) && doctor_varlink_registers())
		return "Varlink";
	return doctor_bus_is_set_up(doctor) ? "the bus" : NULL;
}

static void tell_missing(struct doctor *doctor, const struct setup_target *target)
{
	const char *way = find_other_way(doctor, target);

	if (way)
		doctor_find(doctor, FINDING_OK, NULL, "%s registers its machines by %s",
			    target->name, way);
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
