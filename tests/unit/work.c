/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/work.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* As machines keep it waiting. */
static int wait_for_ever(const void *argument, struct work_result *result, struct failure *f)
{
	(void) argument, (void) result, (void) f;
	while (pause() < 0)
		;
	return 0;
}

static int say_hello(const void *argument, struct work_result *result, struct failure *f)
{
	(void) f;
	strcpy(result->text, argument);
	result->size = strlen(argument) + 1;
	return 0;
}

START_TEST(each_user_has_so_many_children_and_root_more)
{
	struct work works[16], root, other, more;

	for (size_t i = 0; i < 16; i++)
		ck_assert_int_eq(work_start(&works[i], 1000, wait_for_ever, "", -1), 0);
	ck_assert_int_eq(work_start(&more, 1000, wait_for_ever, "", -1), -EUSERS);
	ck_assert_int_eq(work_start(&other, 1001, wait_for_ever, "", -1), 0);
	ck_assert_int_eq(work_start(&root, 0, wait_for_ever, "", -1), 0);
	/* From the middle, and each end. */
	work_end(&works[7]);
	ck_assert_int_eq(work_start(&works[7], 1000, wait_for_ever, "", -1), 0);
	ck_assert_int_eq(work_start(&more, 1000, wait_for_ever, "", -1), -EUSERS);
	work_end(&root);
	for (size_t i = 0; i < 16; i++)
		work_end(&works[i]);
	ck_assert_int_eq(work_start(&more, 1000, wait_for_ever, "", -1), 0);
	work_end(&more);
	work_end(&other);
}
END_TEST

START_TEST(work_hands_back_what_it_found)
{
	struct work_result result;
	struct failure failure;
	struct work work;
	struct pollfd wait;

	ck_assert_int_eq(work_start(&work, 0, say_hello, "hello", -1), 0);
	wait = (struct pollfd){ work.socket, POLLIN, 0 };
	ck_assert_int_eq(poll(&wait, 1, 50000), 1);
	ck_assert_int_eq(work_receive(&work, &result, &failure), 0);
	ck_assert_str_eq(result.text, "hello");
	ck_assert_int_eq(result.fd, -1);
	work_end(&work);
}
END_TEST

Suite *work_suite(void)
{
	Suite *suite = suite_create("work");

	ADD(suite, each_user_has_so_many_children_and_root_more);
	ADD(suite, work_hands_back_what_it_found);
	return suite;
}
