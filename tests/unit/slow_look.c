/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/slow_look.h"

#include "tests/unit/unit.h"

START_TEST(a_machine_is_slow_until_several_looks_were_quick)
{
	struct watched_machine m = { 0 };

	slow_look_note(&m, false);
	ck_assert_uint_eq(m.slow_looks, 0);
	slow_look_note(&m, true);
	for (size_t i = 0; i < SLOW_LOOK_TIMES; i++) {
		ck_assert_msg(m.slow_looks > 0, "after %zu", i);
		slow_look_note(&m, false);
	}
	ck_assert_uint_eq(m.slow_looks, 0);
}
END_TEST

Suite *slow_look_suite(void)
{
	Suite *suite = suite_create("slow_look");

	ADD(suite, a_machine_is_slow_until_several_looks_were_quick);
	return suite;
}
