/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of mymachines doctor: whether the runtimes that are here register their machines. */
#include "tools/doctor.h"
#include "tools/setup.h"

void check_runtimes(struct doctor *doctor)
{
	enum setup_state state;
	const char *name;

	for (size_t i = 0; setup_look(i, &name, &state); i++) {
		switch (state) {
		case SETUP_NOT_HERE: break;
		case SETUP_DONE:
			doctor_find(doctor, FINDING_OK, NULL, "%s registers its machines", name);
			break;
		case SETUP_ELSEWHERE:
			doctor_find(doctor, FINDING_UNKNOWN,
				    arena_printf(doctor->arena, "mymachines setup %s --bundle=PATH",
						 name),
				    "%s has the hooks in each bundle", name);
			break;
		case SETUP_UNKNOWN:
			doctor_find(doctor, FINDING_UNKNOWN, NULL,
				    "%s: whether it is set up can't be told from here", name);
			break;
		case SETUP_MISSING:
			doctor_find(doctor, FINDING_WARNING,
				    arena_printf(doctor->arena, "mymachines setup %s", name),
				    "%s doesn't register its machines", name);
			break;
		}
	}
}
