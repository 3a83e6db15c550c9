/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/notify.h"

#include "tests/support/checks.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In place of the C library's: a security module may forbid to watch what can be read. */
static const char *unwatchable;

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (unwatchable && strcmp(path, unwatchable) == 0) {
		errno = EACCES;
		return -1;
	}
	return (int) syscall(SYS_inotify_add_watch, fd, path, mask);
}

static bool is_readable(const struct registry_notify *notify)
{
	struct pollfd poller = { .fd = notify->fd, .events = POLLIN };

	return poll(&poller, 1, 0) == 1;
}

START_TEST(a_directory_is_found_when_it_is_made)
{
	struct registry_notify notify;
	char above[512], directory[600], path[700], other[700];

	snprintf(above, sizeof above, "%s/above", fixture_directory());
	snprintf(directory, sizeof directory, "%s//registry/", above);
	snprintf(path, sizeof path, "%s/" REGISTRY_FILE_NAME, directory);
	snprintf(other, sizeof other, "%s/other", directory);
	ck_assert_int_eq(registry_notify_open(&notify, directory), 0);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	mkdir(above, 0700);
	ck_assert(is_readable(&notify));
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	fclose(fopen(other, "w"));
	ck_assert_msg(!is_readable(&notify), "another file is being written");
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	unlink(path);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	rmdir(directory);
	rmdir(above);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	mkdir(above, 0700);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	fclose(fopen(other, "w"));
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	registry_notify_close(&notify);
	registry_notify_close(&notify);
}
END_TEST

START_TEST(a_file_in_the_way_is_an_error)
{
	struct registry_notify notify;
	char directory[512];

	snprintf(directory, sizeof directory, "%s/file", fixture_directory());
	fclose(fopen(directory, "w"));
	ck_assert_int_eq(registry_notify_open(&notify, directory), -ENOTDIR);
	ck_assert_int_eq(notify.fd, -1);
}
END_TEST

START_TEST(a_file_in_the_way_may_go_again)
{
	struct registry_notify notify;
	char directory[512], path[700], other[700];

	snprintf(directory, sizeof directory, "%s/registry", fixture_directory());
	snprintf(path, sizeof path, "%s/" REGISTRY_FILE_NAME, directory);
	snprintf(other, sizeof other, "%s/other", directory);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_notify_open(&notify, directory), 0);
	rmdir(directory);
	fclose(fopen(directory, "w"));
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	unlink(directory);
	mkdir(directory, 0700);
	ck_assert(is_readable(&notify));
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	fclose(fopen(other, "w"));
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	registry_notify_close(&notify);
}
END_TEST

START_TEST(a_directory_that_must_not_be_watched_is_an_error)
{
	struct registry_notify notify;
	char above[512], directory[600];

	snprintf(above, sizeof above, "%s/above", fixture_directory());
	snprintf(directory, sizeof directory, "%s/registry", above);
	mkdir(above, 0700);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_notify_open(&notify, directory), 0);
	rmdir(directory);
	mkdir(directory, 0700);
	unwatchable = directory;
	ck_assert_int_eq(registry_notify_read(&notify), -EACCES);
	/* Whoever polls isn't woken again and again. */
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	ck_assert(!is_readable(&notify));
	unwatchable = NULL;
	chmod(directory, 0755);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	rmdir(directory);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	ck_assert_int_eq(registry_notify_read(&notify), 0);
	registry_notify_close(&notify);
}
END_TEST

/* Without reading what comes, until the kernel has no room for more. */
static bool overflow(const char *directory)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	unsigned int most = 0;
	char path[700];

	if (!file || fscanf(file, "%u", &most) != 1 || most > 100000)
		most = 0;
	if (file)
		fclose(file);
	/* Two that follow each other and are the same would be one. */
	for (unsigned int i = 0; most > 0 && i <= most; i++) {
		snprintf(path, sizeof path, "%s/%u", directory, i % 2);
		fclose(fopen(path, "w"));
		ck_assert_int_eq(unlink(path), 0);
	}
	return most > 0;
}

START_TEST(another_directory_is_found_also_when_too_much_has_come)
{
	struct registry_notify notify;
	char directory[512], away[600], path[700], other[700];

	snprintf(directory, sizeof directory, "%s/registry", fixture_directory());
	snprintf(away, sizeof away, "%s/away", fixture_directory());
	snprintf(path, sizeof path, "%s/" REGISTRY_FILE_NAME, directory);
	snprintf(other, sizeof other, "%s/other", directory);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_notify_open(&notify, directory), 0);
	if (!overflow(directory))
		SKIP("too many events are needed here");
	ck_assert_int_eq(rename(directory, away), 0);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	fclose(fopen(other, "w"));
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(registry_notify_read(&notify), 1);
	registry_notify_close(&notify);
}
END_TEST

START_TEST(a_program_that_is_executed_does_not_get_the_descriptor)
{
	struct registry_notify notify;

	ck_assert_int_eq(registry_notify_open(&notify, fixture_directory()), 0);
	ck_assert(fcntl(notify.fd, F_GETFD) & FD_CLOEXEC);
	registry_notify_close(&notify);
}
END_TEST

Suite *notify_suite(void)
{
	Suite *suite = suite_create("notify");

	ADD(suite, a_directory_is_found_when_it_is_made);
	ADD(suite, a_file_in_the_way_is_an_error);
	ADD(suite, a_file_in_the_way_may_go_again);
	ADD(suite, a_directory_that_must_not_be_watched_is_an_error);
	ADD(suite, another_directory_is_found_also_when_too_much_has_come);
	ADD(suite, a_program_that_is_executed_does_not_get_the_descriptor);
	return suite;
}
