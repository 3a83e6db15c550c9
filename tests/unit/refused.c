/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/refused.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static struct refused refused;

static void note(uid_t user, int number)
{
	char client[REFUSED_CLIENT_SIZE];

	snprintf(client, sizeof client, "%d", number);
	refused_note(&refused, user, client, "web1");
}

static bool forget(int number)
{
	char client[REFUSED_CLIENT_SIZE];

	snprintf(client, sizeof client, "%d", number);
	return refused_forget(&refused, client, "web1");
}

START_TEST(other_users_push_out_none_of_root)
{
	for (int i = 0; i < 64; i++)
		note(0, i);
	for (int i = 0; i < 1000; i++)
		note(1000 + (uid_t) i % 100, 1000 + i);
	for (int i = 0; i < 64; i++)
		ck_assert(forget(i));
	ck_assert(!forget(0));
}
END_TEST

START_TEST(a_user_pushes_out_own_ones_before_those_of_others)
{
	note(1001, 1);
	for (int i = 0; i < 1000; i++)
		note(1002, 1000 + i);
	ck_assert(forget(1));
	ck_assert(!forget(1983));
	for (int i = 984; i < 1000; i++)
		ck_assert(forget(1000 + i));
}
END_TEST

START_TEST(the_latest_are_kept)
{
	for (int i = 0; i < 100; i++)
		note(0, i);
	/* Noted again, one is the latest; and one that is forgotten leaves its place to the next. */
	note(0, 40);
	ck_assert(forget(50));
	note(0, 100);
	for (int i = 101; i < 104; i++)
		note(0, i);
	ck_assert(!forget(35));
	ck_assert(!forget(38));
	ck_assert(forget(39));
	ck_assert(forget(40));
	ck_assert(!forget(50));
	for (int i = 100; i < 104; i++)
		ck_assert(forget(i));
}
END_TEST

START_TEST(of_a_client_without_a_name_nothing_is_kept)
{
	refused_note(&refused, 0, NULL, "web1");
	refused_note(&refused, 0, "1", "a/b");
	ck_assert(!refused_forget(&refused, NULL, "web1"));
	ck_assert(!refused_forget(&refused, "1", "a/b"));
	ck_assert(!refused_forget(&refused, "", ""));
}
END_TEST

Suite *refused_suite(void)
{
	Suite *suite = suite_create("refused");

	ADD(suite, other_users_push_out_none_of_root);
	ADD(suite, a_user_pushes_out_own_ones_before_those_of_others);
	ADD(suite, the_latest_are_kept);
	ADD(suite, of_a_client_without_a_name_nothing_is_kept);
	return suite;
}
