/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/monitor/sources.h */
#include "tools/monitor/sources.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

static int count_events(const struct sources *s)
{
	struct epoll_event events[4];

	return epoll_wait(s->epoll, events, 4, 0);
}

/* A child that was forked meanwhile has one. */
START_TEST(a_source_that_was_removed_has_no_events_though_its_descriptor_has_a_duplicate)
{
	struct source source = { .fd = -1 };
	struct sources s;
	int ends[2], duplicate;

	ck_assert_int_eq(sources_init(&s, 1), 0);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(source_add(&s, &source, ends[0]), 0);
	duplicate = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	ck_assert_int_ge(duplicate, 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_int_eq(count_events(&s), 1);
	source_remove(&s, &source);
	ck_assert_int_eq(source.fd, -1);
	ck_assert_int_eq(count_events(&s), 0);
	close(duplicate);
	close(ends[1]);
	sources_done(&s);
}
END_TEST

START_TEST(no_more_sources_are_added_than_may_be_used)
{
	struct source first = { .fd = -1 }, second = { .fd = -1 };
	struct sources s;
	int ends[2];

	ck_assert_int_eq(sources_init(&s, 1), 0);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(source_add(&s, &first, -ENOENT), -ENOENT);
	ck_assert_int_eq(source_add(&s, &first, ends[0]), 0);
	ck_assert_int_eq(source_add(&s, &second, ends[1]), -EMFILE);
	ck_assert_int_eq(second.fd, -1);
	source_remove(&s, &first);
	ck_assert_uint_eq(s.used, 0);
	sources_done(&s);
}
END_TEST

Suite *sources_suite(void)
{
	Suite *suite = suite_create("sources");

	ADD(suite, a_source_that_was_removed_has_no_events_though_its_descriptor_has_a_duplicate);
	ADD(suite, no_more_sources_are_added_than_may_be_used);
	return suite;
}
