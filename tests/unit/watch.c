/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/watch.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct machine_leader leader;
static char told[4096];

/* Put a machine with this service, or remove it where that is NULL. Leaders don't matter here. */
static void change(struct writer *w, const char *name, uint64_t sequence, const char *service)
{
	struct machine m = fixture_machine(name, &leader);

	m.sequence = sequence;
	m.service = service;
	m.leader.pid = leader.pid + (uint32_t) (unsigned char) *name;
	if (service)
		ck_assert_int_eq(writer_put(w, &m), 0);
	else
		ck_assert_int_eq(writer_remove(w, name), 0);
}

/* A line for each difference, with the service before and now. */
static const char *compare(const struct registry_copy *before, const struct registry_copy *now)
{
	struct registry_comparison c;
	struct machine_difference d;
	char *to = told;

	registry_compare(&c, before, now);
	while (registry_comparison_next(&c, &d))
		to += sprintf(to, "%s %s %s %s\n", machine_event_name(d.event),
			      d.now ? d.now->name : d.before->name,
			      d.before ? d.before->service : "-", d.now ? d.now->service : "-");
	*to = '\0';
	return told;
}

START_TEST(differences_are_told_by_name)
{
	static struct writer w;
	struct registry_copy none = { 0 }, before, now;
	const char *path = fixture_path();

	leader = start_leader();
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	change(&w, "b", 1, "x");
	change(&w, "d", 2, "x");
	change(&w, "e", 3, "x");
	change(&w, "f", 4, "x");
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
	ck_assert_int_eq(registry_copy_read(&before, path), 0);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	change(&w, "a", 5, "y");
	change(&w, "c", 6, "y");
	change(&w, "d", 2, "y");
	change(&w, "e", 0, NULL);
	change(&w, "e", 7, "y");
	change(&w, "f", 0, NULL);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
	ck_assert_int_eq(registry_copy_read(&now, path), 0);

	ck_assert_str_eq(compare(&before, &now), "added a - y\nadded c - y\nchanged d x y\n"
						 "removed e x -\nadded e - y\nremoved f x -\n");
	ck_assert_str_eq(compare(&now, &now), "");
	ck_assert_str_eq(compare(&none, &before),
			 "added b - x\nadded d - x\nadded e - x\nadded f - x\n");
	ck_assert_str_eq(compare(&before, &none),
			 "removed b x -\nremoved d x -\nremoved e x -\nremoved f x -\n");
	ck_assert_str_eq(compare(&none, &none), "");
	registry_copy_done(&before);
	registry_copy_done(&now);
}
END_TEST

static bool is_readable(const struct registry_watch *watch)
{
	struct pollfd poller = { .fd = watch->fd, .events = POLLIN };

	return poll(&poller, 1, 0) == 1;
}

START_TEST(a_directory_is_found_when_it_is_made)
{
	struct registry_watch watch;
	char above[512], directory[600], path[700], other[700];

	snprintf(above, sizeof above, "%s/above", fixture_directory());
	snprintf(directory, sizeof directory, "%s//registry/", above);
	snprintf(path, sizeof path, "%s/" REGISTRY_FILE_NAME, directory);
	snprintf(other, sizeof other, "%s/other", directory);
	ck_assert_int_eq(registry_watch_open(&watch, directory), 0);
	ck_assert_int_eq(registry_watch_read(&watch), 0);
	mkdir(above, 0700);
	ck_assert(is_readable(&watch));
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	ck_assert_int_eq(registry_watch_read(&watch), 0);
	fclose(fopen(other, "w"));
	ck_assert_msg(!is_readable(&watch), "another file is being written");
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	ck_assert_int_eq(registry_watch_read(&watch), 0);
	unlink(path);
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	rmdir(directory);
	rmdir(above);
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	ck_assert_int_eq(registry_watch_read(&watch), 0);
	mkdir(above, 0700);
	mkdir(directory, 0700);
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	fclose(fopen(other, "w"));
	ck_assert_int_eq(registry_watch_read(&watch), 0);
	ck_assert_int_eq(rename(other, path), 0);
	ck_assert_int_eq(registry_watch_read(&watch), 1);
	registry_watch_close(&watch);
	registry_watch_close(&watch);
}
END_TEST

START_TEST(a_file_in_the_way_is_an_error)
{
	struct registry_watch watch;
	char directory[512];

	snprintf(directory, sizeof directory, "%s/file", fixture_directory());
	fclose(fopen(directory, "w"));
	ck_assert_int_eq(registry_watch_open(&watch, directory), -ENOTDIR);
	ck_assert_int_eq(watch.fd, -1);
}
END_TEST

Suite *watch_suite(void)
{
	Suite *s = suite_create("watch");

	ADD(s, differences_are_told_by_name);
	ADD(s, a_directory_is_found_when_it_is_made);
	ADD(s, a_file_in_the_way_is_an_error);
	return s;
}
