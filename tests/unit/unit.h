/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The suites of the unit tests, one for each file that they test. */
#pragma once

#include <check.h>

Suite *address_suite(void);
Suite *base_suite(void);
Suite *claims_suite(void);
Suite *copy_suite(void);
Suite *file_suite(void);
Suite *file_reader_suite(void);
Suite *filter_suite(void);
Suite *firmware_suite(void);
Suite *format_suite(void);
Suite *id_index_suite(void);
Suite *idmap_suite(void);
Suite *image_suite(void);
Suite *json_suite(void);
Suite *leader_search_suite(void);
Suite *leases_suite(void);
Suite *log_limit_suite(void);
Suite *look_suite(void);
Suite *machine_unit_suite(void);
Suite *merge_suite(void);
Suite *name_suite(void);
Suite *noted_directories_suite(void);
Suite *netlink_suite(void);
Suite *nsswitch_suite(void);
Suite *oci_suite(void);
Suite *os_release_suite(void);
Suite *pages_suite(void);
Suite *process_suite(void);
Suite *qemu_arguments_suite(void);
Suite *reach_suite(void);
Suite *record_suite(void);
Suite *refused_suite(void);
Suite *resolved_open_suite(void);
Suite *schedule_suite(void);
Suite *signal_name_suite(void);
Suite *slow_look_suite(void);
Suite *snapshot_suite(void);
Suite *sources_suite(void);
Suite *varlink_server_suite(void);
Suite *visitor_suite(void);
Suite *damaged_writer_suite(void);
Suite *diff_suite(void);
Suite *notify_suite(void);
Suite *way_suite(void);
Suite *work_suite(void);
Suite *writer_suite(void);

/* Add a test function to a suite, as a case of its own: its name says what it promises. */
#define ADD_WITH(suite, function, set_up, tear_down)                                               \
	do {                                                                                       \
		TCase *added = tcase_create(#function);                                            \
		tcase_set_timeout(added, 120);                                                     \
		tcase_add_checked_fixture(added, set_up, tear_down);                               \
		tcase_add_test(added, function);                                                   \
		suite_add_tcase(suite, added);                                                     \
	} while (0)

#define ADD(suite, function) ADD_WITH(suite, function, NULL, NULL)

/* Run a test so many times: _i counts. */
#define ADD_TIMES(suite, function, count)                                                          \
	do {                                                                                       \
		TCase *added = tcase_create(#function);                                            \
		tcase_set_timeout(added, 120);                                                     \
		tcase_add_loop_test(added, function, 0, count);                                    \
		suite_add_tcase(suite, added);                                                     \
	} while (0)
