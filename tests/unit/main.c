/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the suites, and reports as TAP. */
#include "tests/support/checks.h"
#include "tests/unit/unit.h"

int main(void)
{
	SRunner *runner = srunner_create(base_suite());

	srunner_add_suite(runner, name_suite());
	srunner_add_suite(runner, idmap_suite());
	srunner_add_suite(runner, address_suite());
	srunner_add_suite(runner, qemu_arguments_suite());
	srunner_add_suite(runner, reach_suite());
	srunner_add_suite(runner, record_suite());
	srunner_add_suite(runner, refused_suite());
	srunner_add_suite(runner, resolved_open_suite());
	srunner_add_suite(runner, filter_suite());
	srunner_add_suite(runner, file_suite());
	srunner_add_suite(runner, file_reader_suite());
	srunner_add_suite(runner, pages_suite());
	srunner_add_suite(runner, snapshot_suite());
	srunner_add_suite(runner, process_suite());
	srunner_add_suite(runner, id_index_suite());
	srunner_add_suite(runner, work_suite());
	srunner_add_suite(runner, writer_suite());
	srunner_add_suite(runner, damaged_writer_suite());
	srunner_add_suite(runner, claims_suite());
	srunner_add_suite(runner, look_suite());
	srunner_add_suite(runner, machine_unit_suite());
	srunner_add_suite(runner, merge_suite());
	srunner_add_suite(runner, visitor_suite());
	srunner_add_suite(runner, diff_suite());
	srunner_add_suite(runner, notify_suite());
	srunner_add_suite(runner, leader_search_suite());
	srunner_add_suite(runner, leases_suite());
	srunner_add_suite(runner, netlink_suite());
	srunner_add_suite(runner, nsswitch_suite());
	srunner_add_suite(runner, copy_suite());
	srunner_add_suite(runner, firmware_suite());
	srunner_add_suite(runner, format_suite());
	srunner_add_suite(runner, image_suite());
	srunner_add_suite(runner, json_suite());
	srunner_add_suite(runner, os_release_suite());
	srunner_add_suite(runner, signal_name_suite());
	srunner_add_suite(runner, slow_look_suite());
	srunner_add_suite(runner, sources_suite());
	srunner_add_suite(runner, varlink_server_suite());
	srunner_add_suite(runner, log_limit_suite());
	srunner_add_suite(runner, schedule_suite());
	srunner_add_suite(runner, way_suite());
	return checks_run(runner);
}
