/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/filter.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static uint8_t bits[FILTER_SIZE_MAX];

static bool has(size_t size, const char *prefix, size_t number)
{
	char name[32];
	int length = snprintf(name, sizeof name, "%s%zu", prefix, number);

	return filter_may_have(bits, size, name, (size_t) length);
}

static void add(size_t size, const char *prefix, size_t number)
{
	char name[32];
	int length = snprintf(name, sizeof name, "%s%zu", prefix, number);

	filter_add(bits, size, name, (size_t) length);
}

START_TEST(what_was_added_is_never_missed)
{
	for (size_t count = 1; count <= 100000; count *= 10) {
		size_t size = filter_size_for(count), wrong = 0;

		memset(bits, 0, sizeof bits);
		for (size_t i = 0; i < count; i++)
			add(size, "m", i);
		for (size_t i = 0; i < count; i++)
			ck_assert(has(size, "m", i));
		for (size_t i = 0; i < 10000; i++)
			wrong += has(size, "example.com-", i);
		/* One in a hundred is the promise. */
		ck_assert_uint_le(wrong, 150);
	}
}
END_TEST

START_TEST(sizes_are_powers_of_two_up_to_a_limit)
{
	for (size_t count = 0; count < 200000; count += 999) {
		size_t size = filter_size_for(count);

		ck_assert_uint_eq(size & (size - 1), 0);
		ck_assert_uint_le(size, FILTER_SIZE_MAX);
		if (size)
			ck_assert_uint_ge(filter_capacity(size), count);
		else
			ck_assert_uint_gt(count, filter_capacity(FILTER_SIZE_MAX));
	}
	ck_assert_uint_gt(filter_size_for(0), 0);
	ck_assert_uint_ge(filter_capacity(FILTER_SIZE_MAX), 100000);
}
END_TEST

START_TEST(adding_says_whether_it_was_news)
{
	memset(bits, 0, sizeof bits);
	ck_assert(!filter_may_have(bits, 64, "web1", 4));
	ck_assert(filter_add(bits, 64, "web1", 4));
	ck_assert(!filter_add(bits, 64, "web1", 4));
	ck_assert(filter_may_have(bits, 64, "web1", 4));
}
END_TEST

Suite *filter_suite(void)
{
	Suite *suite = suite_create("filter");

	ADD(suite, what_was_added_is_never_missed);
	ADD(suite, sizes_are_powers_of_two_up_to_a_limit);
	ADD(suite, adding_says_whether_it_was_news);
	return suite;
}
