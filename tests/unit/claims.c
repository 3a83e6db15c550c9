/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/claims.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static struct claim_conflict conflict;

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
	return register_machine(w, &m, replace, NULL, &conflict);
}

static uint32_t leader_of(struct writer *w, const char *folded)
{
	struct machine m;

	return writer_find_name(w, folded, &m) == 0 ? m.leader.pid : 0;
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
	ck_assert_int_eq(writer_find_name(&w, "web1", &first), 0);
	ck_assert_int_eq(writer_find_name(&w, "web2", &other), 0);
	ck_assert_uint_lt(first.sequence, other.sequence);
	ck_assert_uint_gt(first.realtime, 0);
	ck_assert_uint_gt(first.monotonic, 0);
	ck_assert_int_eq(find_same_registration_in_change(&w, "WEB1", &a, &again), 0);
	ck_assert_int_eq(find_same_registration_in_change(&w, "web1", &b, &again), -ENOENT);
	ck_assert_int_eq(find_same_registration_in_change(&w, "web3", &b, &again), -ENOENT);
	ck_assert_int_eq(try(&w, "web1", &a, "www", false), 0);
	ck_assert_int_eq(writer_find_name(&w, "www", &again), 0);
	ck_assert_uint_lt(again.sequence, other.sequence);
	ck_assert_uint_eq(w.meta.machines, 2);
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
	ck_assert_int_eq(conflict.kind, CLAIM_NAME);
	ck_assert_str_eq(conflict.claimed, "WEB1");
	ck_assert_str_eq(conflict.holder, "web1");
	ck_assert_uint_eq(conflict.pid, a.pid);
	ck_assert_str_eq(conflict.service, "test");
	ck_assert_uint_eq(leader_of(&w, "web1"), a.pid);
	/* Unless it is told to. */
	ck_assert_int_eq(try(&w, "web1", &b, NULL, true), 0);
	ck_assert_uint_eq(leader_of(&w, "web1"), b.pid);
	ck_assert_uint_eq(w.meta.machines, 1);
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
		ck_assert_int_eq(conflict.kind, CLAIM_ALIAS);
		ck_assert_str_eq(conflict.holder, "web1");
		ck_assert_int_eq(try(&w, "web2", &b, "web1", replace), -EEXIST);
		ck_assert_int_eq(conflict.kind, CLAIM_ALIAS);
		ck_assert_int_eq(try(&w, "www", &b, NULL, replace), -EEXIST);
		ck_assert_int_eq(conflict.kind, CLAIM_NAME);
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
	ck_assert_int_eq(conflict.kind, CLAIM_LEADER);
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
	ck_assert_uint_eq(w.meta.machines, 1);
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

static int register_with(struct writer *w, struct machine *m, struct notices *notices)
{
	memset(&conflict, 0, sizeof conflict);
	return register_machine(w, m, false, notices, &conflict);
}

static struct machine hooked_machine(const char *name, const struct machine_leader *leader)
{
	static const struct idmap_extent extent = { 0, 100000, 65536 };
	struct machine m = fixture_machine(name, leader);

	m.given = MACHINE_NAMES_HOOKED;
	m.uids = m.gids = (struct idmap){ &extent, 1 };
	return m;
}

START_TEST(a_hooked_name_yields_to_a_given_one)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct machine hooked = hooked_machine("web1", &a), given = fixture_machine("web1", &b),
		       found;
	struct notices notices = { 0 };
	struct writer w;

	hooked.next_names = "taken\0web1-lxc";
	hooked.next_names_size = sizeof "taken\0web1-lxc";
	hooked.aliases = "www";
	hooked.aliases_size = sizeof "www";
	given.aliases = "taken";
	given.aliases_size = sizeof "taken";
	open_writer(&w);
	ck_assert_int_eq(register_with(&w, &hooked, NULL), 0);
	ck_assert_int_eq(register_with(&w, &given, &notices), 0);
	ck_assert_uint_eq(leader_of(&w, "web1"), b.pid);
	ck_assert_uint_eq(leader_of(&w, "www"), a.pid);
	ck_assert_int_eq(writer_find_name(&w, "web1-lxc", &found), 0);
	ck_assert_uint_eq(found.leader.pid, a.pid);
	ck_assert_uint_eq(found.sequence, hooked.sequence);
	ck_assert_uint_eq(found.uids.count, 1);
	ck_assert_ptr_nonnull(notices.first);
	ck_assert_ptr_null(notices.first->next);
	notices_done(&notices);
	writer_close(&w);
}
END_TEST

START_TEST(a_hooked_alias_yields_to_a_given_name)
{
	struct machine_leader a = start_leader(), b = start_leader();
	struct machine hooked = hooked_machine("web1", &a), given = fixture_machine("www", &b);
	struct notices notices = { 0 };
	struct writer w;

	hooked.aliases = "one\0WWW\0two";
	hooked.aliases_size = sizeof "one\0WWW\0two";
	open_writer(&w);
	ck_assert_int_eq(register_with(&w, &hooked, NULL), 0);
	ck_assert_int_eq(register_with(&w, &given, &notices), 0);
	ck_assert_uint_eq(leader_of(&w, "www"), b.pid);
	ck_assert_uint_eq(leader_of(&w, "one"), a.pid);
	ck_assert_uint_eq(leader_of(&w, "two"), a.pid);
	ck_assert_uint_eq(leader_of(&w, "web1"), a.pid);
	ck_assert_ptr_nonnull(notices.first);
	notices_done(&notices);
	writer_close(&w);
}
END_TEST

START_TEST(a_hooked_machine_takes_its_next_name)
{
	struct machine_leader a = start_leader(), b = start_leader(), c = start_leader();
	struct machine given = fixture_machine("web1", &a), hooked = hooked_machine("web1", &b),
		       last = hooked_machine("web1", &c);
	struct notices notices = { 0 };
	struct arena arena = { 0 };
	struct writer w;

	hooked.next_names = "web1-lxc";
	hooked.next_names_size = sizeof "web1-lxc";
	given.aliases = "www";
	given.aliases_size = sizeof "www";
	hooked.aliases = "www\0web1-lxc";
	hooked.aliases_size = sizeof "www\0web1-lxc";
	open_writer(&w);
	ck_assert_int_eq(register_with(&w, &given, NULL), 0);
	ck_assert_int_eq(register_hooked_machine(&w, &arena, &hooked, &notices, &conflict), 0);
	ck_assert_str_eq(hooked.name, "web1-lxc");
	ck_assert_uint_eq(leader_of(&w, "web1"), a.pid);
	ck_assert_uint_eq(leader_of(&w, "web1-lxc"), b.pid);
	ck_assert_uint_eq(leader_of(&w, "www"), a.pid);
	ck_assert_ptr_nonnull(notices.first->next);
	notices_done(&notices);
	/* If all its names are taken, it gets one that is made of the first. */
	ck_assert_int_eq(register_hooked_machine(&w, &arena, &last, NULL, &conflict), 0);
	ck_assert_uint_eq(leader_of(&w, "web1-2"), c.pid);
	/* But a leader leads one machine only. */
	hooked.name = "other";
	ck_assert_int_eq(register_hooked_machine(&w, &arena, &hooked, NULL, &conflict), -EEXIST);
	ck_assert_int_eq(conflict.kind, CLAIM_LEADER);
	arena_done(&arena);
	writer_close(&w);
}
END_TEST

START_TEST(ids_of_others_are_taken_out_of_a_map)
{
	static const struct idmap_extent theirs[] = { { 0, 100000, 1000 }, { 1000, 200000, 10 } };
	static const struct idmap_extent wanted[] = { { 0, 99000, 3000 }, { 5000, 200000, 10 } };
	struct machine_leader a = start_leader(), b = start_leader();
	struct machine other = fixture_machine("other", &a), m = fixture_machine("web1", &b);
	struct snapshot s = { 0 };
	struct arena arena = { 0 };
	struct writer w;

	other.uids = (struct idmap){ theirs, 2 };
	m.uids = m.gids = (struct idmap){ wanted, 2 };
	open_writer(&w);
	ck_assert_int_eq(register_with(&w, &other, NULL), 0);
	fixture_publish_change(&w, &s);
	ck_assert_int_eq(claims_limit_ids(&s, &arena, &m, ID_UID), 0);
	ck_assert_int_eq(claims_limit_ids(&s, &arena, &m, ID_GID), 0);
	ck_assert_uint_eq(m.uids.count, 2);
	ck_assert_mem_eq(&m.uids.extents[0], (&(struct idmap_extent){ 0, 99000, 1000 }), 12);
	ck_assert_mem_eq(&m.uids.extents[1], (&(struct idmap_extent){ 2000, 101000, 1000 }), 12);
	ck_assert_uint_eq(m.gids.count, 2);
	ck_assert_mem_eq(m.gids.extents, wanted, sizeof wanted);
	arena_done(&arena);
	snapshot_close(&s);
	writer_close(&w);
}
END_TEST

START_TEST(a_leader_with_another_inode_is_another_process)
{
	struct machine_leader now = start_leader(), before = now;
	struct writer w;

	open_writer(&w);
	if (!now.pidfd_inode)
		before.start_time--;
	else
		before.pidfd_inode++;
	ck_assert_int_eq(try(&w, "old", &before, NULL, false), 0);
	ck_assert_int_eq(try(&w, "new", &now, NULL, false), 0);
	ck_assert_uint_eq(leader_of(&w, "old"), 0);
	ck_assert_uint_eq(leader_of(&w, "new"), now.pid);
	writer_close(&w);
}
END_TEST

Suite *claims_suite(void)
{
	Suite *suite = suite_create("claims");

	ADD(suite, the_same_again_updates_and_keeps_its_place);
	ADD(suite, a_name_is_one_live_machines);
	ADD(suite, a_dead_machines_name_is_free);
	ADD(suite, a_dead_machines_alias_is_free);
	ADD(suite, a_live_machines_alias_is_never_taken);
	ADD(suite, a_leader_leads_one_machine);
	ADD(suite, a_pid_that_was_used_again_is_another_leader);
	ADD(suite, a_refusal_changes_nothing);
	ADD(suite, a_hooked_name_yields_to_a_given_one);
	ADD(suite, a_hooked_alias_yields_to_a_given_name);
	ADD(suite, a_hooked_machine_takes_its_next_name);
	ADD(suite, ids_of_others_are_taken_out_of_a_map);
	ADD(suite, a_leader_with_another_inode_is_another_process);
	return suite;
}
