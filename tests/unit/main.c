/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the suites, and reports as TAP. */
#include "tests/unit/unit.h"

#include <stdlib.h>

int main(void)
{
	SRunner *runner = srunner_create(name_suite());
	int failed;

	srunner_add_suite(runner, idmap_suite());
	srunner_add_suite(runner, address_suite());
	srunner_add_suite(runner, qemu_arguments_suite());
	srunner_add_suite(runner, record_suite());
	srunner_add_suite(runner, filter_suite());
	srunner_add_suite(runner, file_suite());
	srunner_add_suite(runner, process_suite());
	srunner_add_suite(runner, id_index_suite());
	srunner_add_suite(runner, writer_suite());
	srunner_add_suite(runner, register_suite());
	srunner_add_suite(runner, watch_suite());
	srunner_add_suite(runner, leases_suite());
	srunner_add_suite(runner, nsswitch_suite());
	srunner_add_suite(runner, copy_suite());
	srunner_add_suite(runner, format_suite());
	srunner_add_suite(runner, json_suite());
	srunner_add_suite(runner, os_release_suite());
	srunner_add_suite(runner, signal_name_suite());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
