/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module's promises to the process that it is in. */
#include "tests/plugin/fixture.h"
#include "tests/support/checks.h"

int main(void)
{
	Suite *suite = suite_create("plugin");
	SRunner *runner = srunner_create(suite);

	add_answers(suite);
	add_states(suite);
	add_damaged(suite);
	add_changes(suite);
	add_guest(suite);
	return checks_run(runner);
}
