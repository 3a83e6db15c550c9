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

/* Returns how many lines of so many machines are written. */
static size_t write_each(struct log_limit *limit, int count, uint64_t now)
{
	size_t left_out, written = 0;
	char line[64];

	for (int i = 0; i < count; i++) {
		snprintf(line, sizeof line, "m%d: x", i);
		written += log_limit_admits(limit, line, now, &left_out);
	}
	return written;
}

START_TEST(a_new_kind_takes_the_place_of_the_oldest_after_a_minute)
{
	struct log_limit limit = { 0 };
	size_t left_out;

	ck_assert_uint_eq(write_each(&limit, LOG_LIMIT_KINDS, 1), LOG_LIMIT_KINDS);
	ck_assert(!log_limit_admits(&limit, "new: x", 100, &left_out));
	ck_assert(log_limit_admits(&limit, "new: x", 1 + MINUTE, &left_out));
	ck_assert(!log_limit_admits(&limit, "new: x", 2 + MINUTE, &left_out));
	log_limit_done(&limit);
}
END_TEST

START_TEST(more_kinds_than_are_remembered_are_counted_together)
{
	struct log_limit limit = { 0 };

	ck_assert_uint_eq(log_limit_tell_others(&limit, 0), 0);
	for (uint64_t now = 0; now < 10; now++)
		ck_assert_uint_eq(write_each(&limit, LOG_LIMIT_KINDS + 5, now),
				  now == 0 ? LOG_LIMIT_KINDS : 0);
	ck_assert_uint_eq(log_limit_tell_others(&limit, 10), 50);
	write_each(&limit, LOG_LIMIT_KINDS + 5, 11);
	ck_assert_msg(log_limit_tell_others(&limit, 12) == 0, "once a minute");
	ck_assert_uint_eq(log_limit_tell_others(&limit, 10 + MINUTE), 5);
	log_limit_done(&limit);
}
END_TEST

Suite *log_limit_suite(void)
{
	Suite *suite = suite_create("log_limit");

	ADD(suite, lines_that_differ_only_in_numbers_are_written_once_a_minute);
	ADD(suite, lines_about_different_machines_are_of_different_kinds);
	ADD(suite, a_new_kind_takes_the_place_of_the_oldest_after_a_minute);
	ADD(suite, more_kinds_than_are_remembered_are_counted_together);
	return suite;
}
