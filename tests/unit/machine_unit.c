/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/machine_unit.h"

#include "base/array_size.h"

#include "tests/unit/unit.h"

static const struct {
	const char *name, *unit;
	unsigned int given;
	uint32_t owner;
	bool is_made_for;
} units[] = {
	{ "web1", "web1.service", 0, 0, true },
	{ "web1", "lxc@web1.service", 0, 0, true },
	{ "web1", "WEB1.scope", 0, 0, true },
	{ "web1", "web.service", 0, 0, false },
	{ "web1", "web1", 0, 0, false },
	{ "web1", "app.scope", MACHINE_GIVEN_UNIT, 0, true },
	/* A user's machine may have the name of any service. */
	{ "cron", "cron.service", 0, 1000, false },
	{ "1000", "user@1000.service", 0, 1000, false },
	{ "web1", "app.scope", MACHINE_GIVEN_UNIT, 1000, true },
};

START_TEST(a_unit_is_made_for_a_machine_by_its_name_or_by_root)
{
	const struct machine m = { .name = units[_i].name,
				   .unit = units[_i].unit,
				   .given = units[_i].given,
				   .owner = units[_i].owner };

	ck_assert_int_eq(machine_unit_is_made_for(&m), units[_i].is_made_for);
}
END_TEST

Suite *machine_unit_suite(void)
{
	Suite *suite = suite_create("machine_unit");

	ADD_TIMES(suite, a_unit_is_made_for_a_machine_by_its_name_or_by_root, ARRAY_SIZE(units));
	return suite;
}
