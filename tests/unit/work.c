/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/work.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
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

/* What work_receive() returns of a child that does this. */
static int do_work(work_function *function, const char *argument, struct work_result *result,
		   struct failure *f)
{
	struct work work;
	struct pollfd wait;
	int r;

	ck_assert_int_eq(work_start(&work, 0, function, argument, -1), 0);
	wait = (struct pollfd){ work.socket, POLLIN, 0 };
	ck_assert_int_eq(poll(&wait, 1, 50000), 1);
	r = work_receive(&work, result, f);
	work_end(&work);
	return r;
}

START_TEST(work_hands_back_what_it_found)
{
	struct work_result result;
	struct failure failure;

	ck_assert_int_eq(do_work(say_hello, "hello", &result, &failure), 0);
	ck_assert_str_eq(result.text, "hello");
	ck_assert_int_eq(result.fd, -1);
}
END_TEST

static int die(const void *argument, struct work_result *result, struct failure *f)
{
	(void) argument, (void) result, (void) f;
	raise(SIGSYS);
	return 0;
}

static void assert_failure(work_function *function, const char *words)
{
	struct work_result result;
	struct failure failure;

	ck_assert_int_eq(do_work(function, "", &result, &failure), -1);
	ck_assert_str_eq(failure.text, words);
}

START_TEST(a_child_that_is_killed_is_told_with_the_signal)
{
	assert_failure(die, "the process that does the work was killed by SIGSYS");
}
END_TEST

START_TEST(a_child_that_cannot_be_set_up_tells_why)
{
	struct rlimit former, few;
	int first, second;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &former), 0);
	few = former;
	/* Room for the pair of sockets, and in the child for nothing: it needs descriptors from 5 on. */
	do
		first = dup(0);
	while (first < 5);
	second = dup(0);
	few.rlim_cur = (rlim_t) second + 1;
	close(first);
	close(second);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_failure(wait_for_ever, "cannot prepare a process for the work: Too many open files");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &former), 0);
}
END_TEST

Suite *work_suite(void)
{
	Suite *suite = suite_create("work");

	ADD(suite, each_user_has_so_many_children_and_root_more);
	ADD(suite, work_hands_back_what_it_found);
	ADD(suite, a_child_that_is_killed_is_told_with_the_signal);
	ADD(suite, a_child_that_cannot_be_set_up_tells_why);
	return suite;
}
