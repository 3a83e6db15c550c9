/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/noted_directories.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define LIMIT 100000

static const struct timespec times[2];

static int add(struct noted_directories *d, unsigned int inode, const char *path, struct failure *f)
{
	return noted_directories_add(d, path, (struct file_identity){ 1, inode }, times, f);
}

START_TEST(a_directory_that_comes_again_takes_no_more_memory)
{
	struct noted_directories d = { .bytes_max = LIMIT };
	struct failure f = { 0 };
	size_t n_failures = 0;

	for (unsigned int i = 0; i < LIMIT; i++) {
		char path[32];

		snprintf(path, sizeof path, "a/%u", i % 7 + i % 3);
		n_failures += add(&d, i % 7, path, &f) < 0;
	}
	ck_assert_uint_eq(n_failures, 0);
	ck_assert_uint_eq(d.count, 7);
	noted_directories_done(&d);
	ck_assert_uint_eq(d.bytes, 0);
}
END_TEST

static unsigned int count_until_full(const char *path, struct failure *f)
{
	struct noted_directories d = { .bytes_max = LIMIT };
	unsigned int count = 0;

	while (count < LIMIT && add(&d, count, path, f) == 0)
		count++;
	ck_assert(d.bytes <= LIMIT);
	noted_directories_done(&d);
	return count;
}

START_TEST(paths_and_their_number_are_limited)
{
	char path[3001] = "";
	struct failure f = { 0 };
	unsigned int count;

	memset(path, 'x', sizeof path - 1);
	count = count_until_full(path, &f);
	ck_assert_msg(count > 20 && count <= LIMIT / 3000, "%u", count);
	ck_assert_msg(strstr(f.text, "directories take more memory than 97.7 KiB"), "%s", f.text);
	count = count_until_full("", &f);
	ck_assert_msg(count > 100 && count < 1000, "%u", count);
}
END_TEST

Suite *noted_directories_suite(void)
{
	Suite *suite = suite_create("noted_directories");

	ADD(suite, a_directory_that_comes_again_takes_no_more_memory);
	ADD(suite, paths_and_their_number_are_limited);
	return suite;
}
