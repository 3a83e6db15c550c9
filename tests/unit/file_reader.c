/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/file_reader.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file whose opening waits for ever: fanotify(7). */
static char directory[] = "/tmp/file_reader.XXXXXX";
static int root = -1, group = -1;

static bool hold_file(void)
{
	char path[64];

	ck_assert(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/held", directory);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	root = open(directory, O_PATH);
	group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	return group >= 0 && fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, path) == 0;
}

static void let_go(void)
{
	char path[64];

	close(group);
	close(root);
	snprintf(path, sizeof path, "%s/held", directory);
	unlink(path);
	rmdir(directory);
}

/* How long the held file is waited for. */
static int64_t wait_for_file(int milliseconds)
{
	int64_t began = clock_milliseconds(CLOCK_MONOTONIC);
	char text[64];

	ck_assert_int_eq(file_reader_read(root, "held", text, sizeof text, milliseconds),
			 -ETIMEDOUT);
	return clock_milliseconds(CLOCK_MONOTONIC) - began;
}

START_TEST(a_fork_and_the_next_look_wait_as_long_as_they_are_told)
{
	int status;
	pid_t pid;

	if (hold_file()) {
		wait_for_file(10);
		pid = fork();
		if (pid == 0)
			_exit(wait_for_file(1000) < 990);
		ck_assert(waitpid(pid, &status, 0) == pid);
		ck_assert_int_eq(status, 0);
		file_reader_stop();
		ck_assert_int_ge(wait_for_file(1000), 990);
		file_reader_stop();
	}
	let_go();
}
END_TEST

START_TEST(readers_that_were_killed_are_reaped_later)
{
	siginfo_t info;

	if (hold_file()) {
		wait_for_file(1);
		wait_for_file(1);
		do {
			file_reader_stop();
		} while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0);
		ck_assert_int_eq(errno, ECHILD);
	}
	let_go();
}
END_TEST

Suite *file_reader_suite(void)
{
	Suite *suite = suite_create("file_reader");

	ADD(suite, a_fork_and_the_next_look_wait_as_long_as_they_are_told);
	ADD(suite, readers_that_were_killed_are_reaped_later);
	return suite;
}
