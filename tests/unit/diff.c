/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/diff.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct machine_leader leader;
static char lines[4096];

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
	struct registry_diff c;
	struct machine_difference d;
	char *to = lines;

	registry_diff_begin(&c, before, now);
	while (registry_diff_next(&c, &d))
		to += sprintf(to, "%s %s %s %s\n", machine_event_name(d.event),
			      d.now ? d.now->name : d.before->name,
			      d.before ? d.before->service : "-", d.now ? d.now->service : "-");
	*to = '\0';
	return lines;
}

START_TEST(differences_come_in_the_order_of_names)
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

Suite *diff_suite(void)
{
	Suite *suite = suite_create("diff");

	ADD(suite, differences_come_in_the_order_of_names);
	return suite;
}
