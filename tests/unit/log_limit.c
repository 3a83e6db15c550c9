/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/log_limit.h"

#include "tests/unit/unit.h"

#include <stdio.h>

#define MINUTE LOG_LIMIT_MILLISECONDS

START_TEST(lines_that_differ_only_in_numbers_are_written_once_a_minute)
{
	struct log_limit limit = { 0 };
	size_t left_out, written = 0;
	char line[64];

	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof line, "web1: %d of %d addresses are left out", i, i * 7);
		written += log_limit_admits(&limit, line, (uint64_t) i, &left_out);
	}
	ck_assert_uint_eq(written, 1);
	ck_assert(
		log_limit_admits(&limit, "web1: 5 of 6 addresses are left out", MINUTE, &left_out));
	ck_assert_uint_eq(left_out, 999);
	ck_assert(!log_limit_admits(&limit, "web1: 5 of 6 addresses are left out", MINUTE + 1,
				    &left_out));
	log_limit_done(&limit);
}
END_TEST

START_TEST(lines_about_different_machines_are_of_different_kinds)
{
	struct log_limit limit = { 0 };
	size_t left_out;

	ck_assert(log_limit_admits(&limit, "web1: leader 5 has died", 0, &left_out));
	ck_assert(log_limit_admits(&limit, "web2: leader 6 has died", 0, &left_out));
	ck_assert(log_limit_admits(&limit, "web1: cannot read its uid map", 0, &left_out));
	ck_assert(log_limit_admits(&limit, "out of memory", 0, &left_out));
	ck_assert(!log_limit_admits(&limit, "out of memory", 1, &left_out));
	log_limit_done(&limit);
}
END_TEST

START_TEST(a_new_kind_takes_the_place_of_the_oldest)
{
	struct log_limit limit = { 0 };
	size_t left_out;
	char line[64];

	for (uint64_t i = 0; i <= LOG_LIMIT_KINDS; i++) {
		snprintf(line, sizeof line, "m%d: x", (int) i);
		ck_assert(log_limit_admits(&limit, line, i, &left_out));
	}
	ck_assert(!log_limit_admits(&limit, "m1: x", 100, &left_out));
	ck_assert(log_limit_admits(&limit, "m0: x", 100, &left_out));
	log_limit_done(&limit);
}
END_TEST

Suite *log_limit_suite(void)
{
	Suite *suite = suite_create("log_limit");

	ADD(suite, lines_that_differ_only_in_numbers_are_written_once_a_minute);
	ADD(suite, lines_about_different_machines_are_of_different_kinds);
	ADD(suite, a_new_kind_takes_the_place_of_the_oldest);
	return suite;
}
