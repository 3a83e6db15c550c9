/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/doctor/doctor.h"

#include "base/array_size.h"

#include <errno.h>
#include <stdarg.h>
#include <time.h>

static const struct {
	const char *name;
	doctor_check *run;
} checks[] = {
	/* clang-format off */
	{ "nsswitch", check_nsswitch },
	{ "module", check_module },
	{ "cache", check_cache },
	{ "registry", check_registry },
	{ "machines", check_machines },
	{ "monitor", check_monitor },
	{ "exports", check_exports },
	{ "runtimes", check_runtimes },
	{ "runtimes", check_lxc },
	{ "bus", check_bus },
	{ "varlink", check_varlink },
	{ "confinement", check_confinement },
	/* clang-format on */
};

void doctor_find(struct doctor *doctor, enum finding_status status, const char *remedy,
		 const char *format, ...)
{
	struct finding finding = { .check = doctor->check, .status = status, .remedy = remedy };
	va_list arguments;

	va_start(arguments, format);
	finding.message = arena_vprintf(doctor->arena, format, arguments);
	va_end(arguments);
	doctor->findings =
		arena_grow(doctor->arena, doctor->findings, doctor->count, sizeof finding);
	doctor->findings[doctor->count++] = finding;
}

void doctor_open_registry(struct doctor *doctor, bool wait)
{
	static const struct timespec moment = { .tv_nsec = 300 * 1000 * 1000 };

	if (wait)
		nanosleep(&moment, NULL);
	snapshot_close(&doctor->snapshot);
	doctor->registry = snapshot_open(&doctor->snapshot, REGISTRY_PATH);
}

bool doctor_has_no_machines(const struct doctor *doctor)
{
	if (doctor->registry == 0)
		return doctor->snapshot.meta.machines == 0;
	return doctor->registry == -ENOENT || doctor->registry == -ESTALE;
}

void doctor_examine(struct doctor *doctor, struct arena *arena)
{
	*doctor = (struct doctor){ .arena = arena };
	doctor_open_registry(doctor, false);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		doctor->check = checks[i].name;
		checks[i].run(doctor);
	}
	snapshot_close(&doctor->snapshot);
}

bool doctor_found_errors(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (doctor->findings[i].status == FINDING_ERROR)
			return true;
	return false;
}
