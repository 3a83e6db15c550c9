/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/register.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static struct register_conflict conflict;

static int try(struct writer *w, const char *name, const struct machine_leader *leader,
	       const char *alias, bool replace)
{
	struct machine m = fixture_machine(name, leader);

	m.service = "test";
	if (alias) {
		m.aliases = alias;
		m.aliases_size = strlen(alias) + 1;
	}
	memset(&conflict, 0, sizeof conflict);
	return register_machine(w, &m, replace, &conflict);
}

static uint32_t leader_of(struct writer *w, const char *folded)
{
	struct machine m;

	return snapshot_find_name(&w->copy, folded, &m) == 0 ? m.leader.pid : 0;
}

static void open_writer(struct writer *w)
{
	ck_assert_int_eq(writer_open(w, fixture_directory()), 0);
}

START_TEST(the_same_again_updates_and_keeps_its_place)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct machine first, other, again;
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, NULL, false), 0);
	ck_assert_int_eq(try(&w, "web2", &b, NULL, false), 0);
	ck_assert_int_eq(snapshot_find_name(&w.copy, "web1", &first), 0);
	ck_assert_int_eq(snapshot_find_name(&w.copy, "web2", &other), 0);
	ck_assert_uint_lt(first.sequence, other.sequence);
	ck_assert_uint_gt(first.realtime, 0);
	ck_assert_uint_gt(first.monotonic, 0);
	ck_assert_int_eq(register_find_former(&w.copy, "WEB1", &a, &again), 0);
	ck_assert_int_eq(register_find_former(&w.copy, "web1", &b, &again), -ENOENT);
	ck_assert_int_eq(register_find_former(&w.copy, "web3", &b, &again), -ENOENT);
	ck_assert_int_eq(try(&w, "web1", &a, "www", false), 0);
	ck_assert_int_eq(snapshot_find_name(&w.copy, "www", &again), 0);
	ck_assert_uint_lt(again.sequence, other.sequence);
	ck_assert_uint_eq(w.copy.meta.machines, 2);
	writer_close(&w);
}
END_TEST

START_TEST(a_name_is_one_live_machines)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, NULL, false), 0);
	ck_assert_int_eq(try(&w, "WEB1", &b, NULL, false), -EEXIST);
	ck_assert_int_eq(conflict.what, CONFLICT_NAME);
	ck_assert_str_eq(conflict.claimed, "WEB1");
	ck_assert_str_eq(conflict.holder, "web1");
	ck_assert_uint_eq(conflict.pid, a.pid);
	ck_assert_str_eq(conflict.service, "test");
	ck_assert_uint_eq(leader_of(&w, "web1"), a.pid);
	/* Unless it is told to. */
	ck_assert_int_eq(try(&w, "web1", &b, NULL, true), 0);
	ck_assert_uint_eq(leader_of(&w, "web1"), b.pid);
	ck_assert_uint_eq(w.copy.meta.machines, 1);
	writer_close(&w);
}
END_TEST

START_TEST(a_dead_machines_name_is_free)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, "www", false), 0);
	kill_leader(&a);
	ck_assert_int_eq(try(&w, "web1", &b, NULL, false), 0);
	ck_assert_uint_eq(leader_of(&w, "web1"), b.pid);
	ck_assert_uint_eq(leader_of(&w, "www"), 0);
	writer_close(&w);
}
END_TEST

START_TEST(a_dead_machines_alias_is_free)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, "www", false), 0);
	kill_leader(&a);
	ck_assert_int_eq(try(&w, "web2", &b, "www", false), 0);
	ck_assert_uint_eq(leader_of(&w, "www"), b.pid);
	ck_assert_uint_eq(leader_of(&w, "web1"), 0);
	writer_close(&w);
}
END_TEST

START_TEST(a_live_machines_alias_is_never_taken)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, "www", false), 0);
	for (int replace = 0; replace < 2; replace++) {
		ck_assert_int_eq(try(&w, "web2", &b, "WWW", replace), -EEXIST);
		ck_assert_int_eq(conflict.what, CONFLICT_ALIAS);
		ck_assert_str_eq(conflict.holder, "web1");
		ck_assert_int_eq(try(&w, "web2", &b, "web1", replace), -EEXIST);
		ck_assert_int_eq(conflict.what, CONFLICT_ALIAS);
		ck_assert_int_eq(try(&w, "www", &b, NULL, replace), -EEXIST);
		ck_assert_int_eq(conflict.what, CONFLICT_NAME);
		ck_assert_str_eq(conflict.holder, "web1");
	}
	ck_assert_uint_eq(leader_of(&w, "www"), a.pid);
	ck_assert_uint_eq(leader_of(&w, "web2"), 0);
	writer_close(&w);
}
END_TEST

START_TEST(a_leader_leads_one_machine)
{
	struct machine_leader a = start_leader();
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, NULL, false), 0);
	ck_assert_int_eq(try(&w, "web2", &a, NULL, false), -EEXIST);
	ck_assert_int_eq(conflict.what, CONFLICT_LEADER);
	ck_assert_str_eq(conflict.holder, "web1");
	ck_assert_uint_eq(conflict.pid, a.pid);
	ck_assert_int_eq(try(&w, "web2", &a, NULL, true), 0);
	ck_assert_uint_eq(leader_of(&w, "web1"), 0);
	ck_assert_uint_eq(leader_of(&w, "web2"), a.pid);
	writer_close(&w);
}
END_TEST

START_TEST(a_pid_that_was_used_again_is_another_leader)
{
	struct machine_leader now = start_leader(), before = now;
	struct writer w;

	before.start_time--;
	open_writer(&w);
	ck_assert_int_eq(try(&w, "old", &before, NULL, false), 0);
	ck_assert_int_eq(try(&w, "new", &now, NULL, false), 0);
	ck_assert_uint_eq(leader_of(&w, "old"), 0);
	ck_assert_uint_eq(leader_of(&w, "new"), now.pid);
	ck_assert_uint_eq(w.copy.meta.machines, 1);
	writer_close(&w);
}
END_TEST

START_TEST(a_refusal_changes_nothing)
{
	struct machine_leader a = start_leader(), b = start_leader(), c = start_leader();
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(try(&w, "web1", &a, NULL, false), 0);
	ck_assert_int_eq(try(&w, "web2", &b, NULL, false), 0);
	kill_leader(&a);
	/* The dead one's name would be free, but the alias isn't. */
	ck_assert_int_eq(try(&w, "web1", &c, "web2", false), -EEXIST);
	ck_assert_uint_eq(leader_of(&w, "web1"), a.pid);
	writer_close(&w);
}
END_TEST

Suite *register_suite(void)
{
	Suite *suite = suite_create("register");

	ADD(suite, the_same_again_updates_and_keeps_its_place);
	ADD(suite, a_name_is_one_live_machines);
	ADD(suite, a_dead_machines_name_is_free);
	ADD(suite, a_dead_machines_alias_is_free);
	ADD(suite, a_live_machines_alias_is_never_taken);
	ADD(suite, a_leader_leads_one_machine);
	ADD(suite, a_pid_that_was_used_again_is_another_leader);
	ADD(suite, a_refusal_changes_nothing);
	return suite;
}
