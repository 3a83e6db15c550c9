/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/work.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

START_TEST(users_leave_children_for_root_however_many_users_there_are)
{
	struct work works[128], root, more;

	for (size_t i = 0; i < 128; i++)
		ck_assert_int_eq(work_start(&works[i], (uid_t) (1000 + i), wait_for_ever, "", -1),
				 0);
	ck_assert_int_eq(work_start(&more, 2000, wait_for_ever, "", -1), -EUSERS);
	ck_assert_int_eq(work_start(&root, 0, wait_for_ever, "", -1), 0);
	work_end(&works[0]);
	ck_assert_int_eq(work_start(&works[0], 2000, wait_for_ever, "", -1), 0);
	work_end(&root);
	for (size_t i = 0; i < 128; i++)
		work_end(&works[i]);
}
END_TEST

/*
 * A process that keeps the children from ending for their parent, as a file system can: the end of one that is
 * traced is the tracer's first. -1 if nothing may be traced here.
 */
static pid_t hold(const struct work *works, size_t count)
{
	int ready[2];
	char byte;
	pid_t tracer;

	ck_assert_int_eq(pipe(ready), 0);
	tracer = fork();
	if (tracer == 0) {
		for (size_t i = 0; i < count; i++)
			if (ptrace(PTRACE_SEIZE, works[i].pid, NULL, NULL) < 0)
				_exit(1);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		waitpid(tracer, NULL, 0);
		tracer = -1;
	}
	close(ready[0]);
	return tracer;
}

START_TEST(children_that_were_killed_and_do_not_end_count_for_their_user)
{
	struct work works[16], other, more;
	pid_t tracers[2];
	int r;

	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 16; i++)
			ck_assert_int_eq(work_start(&works[i], 1000, wait_for_ever, "", -1), 0);
		tracers[round] = hold(works, 16);
		for (size_t i = 0; i < 16; i++)
			work_end(&works[i]);
		if (tracers[round] < 0)
			return;
	}
	ck_assert_int_eq(work_start(&more, 1000, wait_for_ever, "", -1), -EUSERS);
	ck_assert_int_eq(work_start(&other, 1001, wait_for_ever, "", -1), 0);
	work_end(&other);
	for (size_t round = 0; round < 2; round++) {
		kill(tracers[round], SIGKILL);
		waitpid(tracers[round], NULL, 0);
	}
	for (int i = 0; i < 5000; i++) {
		r = work_start(&more, 1000, wait_for_ever, "", -1);
		if (r == 0)
			break;
		usleep(10000);
	}
	ck_assert_int_eq(r, 0);
	work_end(&more);
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
	ADD(suite, users_leave_children_for_root_however_many_users_there_are);
	ADD(suite, children_that_were_killed_and_do_not_end_count_for_their_user);
	ADD(suite, work_hands_back_what_it_found);
	ADD(suite, a_child_that_is_killed_is_told_with_the_signal);
	ADD(suite, a_child_that_cannot_be_set_up_tells_why);
	return suite;
}
