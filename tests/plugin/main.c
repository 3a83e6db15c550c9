/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the module promises to the process that it is in. */
#include "tests/plugin/fixture.h"

#include <stdlib.h>

int main(void)
{
	Suite *suite = suite_create("plugin");
	SRunner *runner = srunner_create(suite);
	int failed;

	add_answers(suite);
	add_states(suite);
	add_changes(suite);
	add_guest(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
