/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records from what was given, seen, and registered before: no process, no registry. */
#include "base/array_size.h"
#include "tools/registrar/merge.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>

static const struct idmap_extent seen_extent = { 0, 100000, 65536 };
static const struct idmap_extent given_extent = { 0, 200000, 65536 };

#define ADDRESS(last, ...)                                                                         \
	{                                                                                          \
		.family = AF_INET, .bytes = { 10, 0, 0, last }, __VA_ARGS__                        \
	}

static const struct machine_address seen_addresses[] = { ADDRESS(2, .flags = ADDRESS_ROUTED),
							 ADDRESS(3, .flags = ADDRESS_ROUTED) };
static const struct machine_address given_addresses[] = { ADDRESS(3, .flags = ADDRESS_GIVEN) };
static const struct machine_interface seen_interfaces[] = { { .index = 5 }, { .index = 6 } };
static const struct machine_interface given_interface = { .index = 6, .given = 1 };

/* Of the host's user namespace and of one of a machine's. */
#define HOST_NAMESPACE	  1
#define MACHINE_NAMESPACE 2

static struct arena arena;
static struct registration given;
static struct observation seen;

static void set_up(void)
{
	given = (struct registration){ .arena = &arena, .machine.name = "web1" };
	seen = (struct observation){
		.verdict = LEADER_OK,
		.class = MACHINE_CONTAINER,
		.seen = { .leader = { 4711, 1, 99 },
			  .unit = "seen.scope",
			  .root_directory = "/seen",
			  .system = { .is_known = true, .os = "seen" },
			  .knows_namespaces = true,
			  .namespaces = MACHINE_HAS_NAMESPACES | MACHINE_HAS_USER_NAMESPACE,
			  .user_namespace = MACHINE_NAMESPACE,
			  .uids = { &seen_extent, 1 },
			  .gids = { &seen_extent, 1 },
			  .addresses = seen_addresses,
			  .n_addresses = ARRAY_SIZE(seen_addresses),
			  .interfaces = seen_interfaces,
			  .n_interfaces = ARRAY_SIZE(seen_interfaces) },
	};
}

static void give_everything(void)
{
	given.given = FIELD_CLASS | FIELD_SERVICE | FIELD_ID | FIELD_UNIT | FIELD_ROOT |
		      FIELD_SSH_ADDRESS | FIELD_DESCRIPTION | FIELD_VSOCK_CID | FIELD_ALIASES |
		      FIELD_UID_MAP | FIELD_GID_MAP | FIELD_INTERFACES | FIELD_ADDRESSES |
		      FIELD_CONTROL | FIELD_SSH_KEY | FIELD_CONTROL_ADDRESS |
		      FIELD_POWEROFF_SIGNAL | FIELD_REBOOT_SIGNAL | FIELD_SUPERVISOR;
	given.machine = (struct machine){ .name = "web1",
					  .class = MACHINE_CONTAINER,
					  .service = "lxc",
					  .has_id = true,
					  .id = { 1 },
					  .unit = "given.scope",
					  .root_directory = "/given",
					  .ssh_address = "ssh",
					  .ssh_key = "/key",
					  .control_address = "varlink",
					  .description = "Web 1",
					  .vsock_cid = 3,
					  .aliases = "www",
					  .aliases_size = 4,
					  .uids = { &given_extent, 1 },
					  .gids = { &given_extent, 1 },
					  .interfaces = &given_interface,
					  .n_interfaces = 1,
					  .addresses = given_addresses,
					  .n_addresses = 1,
					  .control = "/qmp",
					  .poweroff_signal = 12,
					  .reboot_signal = 13,
					  .supervisor = { 815, 2, 98 } };
}

static struct machine merge(const struct registration *registration, const struct machine *former,
			    bool is_starting)
{
	const struct merge_sources sources = { .name = "web1",
					       .given = registration,
					       .observation = &seen,
					       .former = former,
					       .is_starting = is_starting };

	return merge_machine(&arena, &sources);
}

static struct machine merge_new(void)
{
	return merge(&given, NULL, false);
}

static struct machine merge_again(const struct machine *former)
{
	return merge(&given, former, false);
}

static struct machine merge_refreshed(const struct machine *former)
{
	return merge(NULL, former, false);
}

static void assert_given_everything(const struct machine *m)
{
	ck_assert_str_eq(m->service, "lxc");
	ck_assert(m->has_id && m->id[0] == 1);
	ck_assert_str_eq(m->unit, "given.scope");
	ck_assert_str_eq(m->root_directory, "/given");
	ck_assert_str_eq(m->ssh_address, "ssh");
	ck_assert_str_eq(m->ssh_key, "/key");
	ck_assert_str_eq(m->control_address, "varlink");
	ck_assert_str_eq(m->description, "Web 1");
	ck_assert_uint_eq(m->vsock_cid, 3);
	ck_assert_str_eq(m->aliases, "www");
	ck_assert_uint_eq(m->uids.extents->outer, given_extent.outer);
	ck_assert_uint_eq(m->gids.extents->outer, given_extent.outer);
	ck_assert_str_eq(m->control, "/qmp");
	ck_assert_uint_eq(m->poweroff_signal, 12);
	ck_assert_uint_eq(m->reboot_signal, 13);
	ck_assert_uint_eq(m->supervisor.pid, 815);
	ck_assert_uint_eq(m->supervisor.pidfd_inode, 98);
	ck_assert_uint_eq(m->given, MACHINE_GIVEN_UNIT | MACHINE_GIVEN_ROOT |
					    MACHINE_GIVEN_UID_MAP | MACHINE_GIVEN_GID_MAP);
}

START_TEST(a_new_machine_has_what_is_seen)
{
	struct machine m = merge_new();

	ck_assert_str_eq(m.name, "web1");
	ck_assert_int_eq(m.class, MACHINE_CONTAINER);
	ck_assert(leader_equal(&m.leader, &seen.seen.leader));
	ck_assert_str_eq(m.unit, "seen.scope");
	ck_assert_str_eq(m.root_directory, "/seen");
	ck_assert_str_eq(m.system.os, "seen");
	ck_assert_uint_eq(m.uids.extents->outer, seen_extent.outer);
	ck_assert_uint_eq(m.n_addresses, 2);
	ck_assert_uint_eq(m.n_interfaces, 2);
	ck_assert_uint_eq(m.given, 0);
}
END_TEST

START_TEST(given_facts_go_before_seen_ones)
{
	struct machine m;

	give_everything();
	m = merge_new();
	assert_given_everything(&m);
}
END_TEST

START_TEST(given_facts_stay_when_registered_again_or_refreshed)
{
	struct machine former, m;

	give_everything();
	former = merge_new();
	given.given = 0;
	given.machine = (struct machine){ .name = "web1" };
	m = merge_again(&former);
	assert_given_everything(&m);
	m = merge_refreshed(&former);
	assert_given_everything(&m);
	ck_assert_uint_eq(m.n_addresses, 2);
}
END_TEST

START_TEST(an_empty_value_returns_to_what_is_seen)
{
	struct machine former, m;

	give_everything();
	former = merge_new();
	given.machine = (struct machine){ .name = "web1", .class = MACHINE_CONTAINER };
	m = merge_again(&former);
	ck_assert_ptr_null(m.service);
	ck_assert(!m.has_id);
	ck_assert_uint_eq(m.aliases_size, 0);
	ck_assert_str_eq(m.unit, "seen.scope");
	ck_assert_str_eq(m.root_directory, "/seen");
	ck_assert_uint_eq(m.uids.extents->outer, seen_extent.outer);
	ck_assert_uint_eq(m.given, 0);
	for (size_t i = 0; i < m.n_addresses; i++)
		ck_assert(!(m.addresses[i].flags & ADDRESS_GIVEN));
	for (size_t i = 0; i < m.n_interfaces; i++)
		ck_assert(!m.interfaces[i].given);
}
END_TEST

START_TEST(a_fact_that_cannot_be_read_stays)
{
	struct machine former = merge_new(), m;

	seen.seen = (struct machine){ .leader = seen.seen.leader };
	seen.unread = UNREAD_NAMESPACES | MACHINE_GIVEN_UNIT | MACHINE_GIVEN_ROOT |
		      MACHINE_GIVEN_UID_MAP | MACHINE_GIVEN_GID_MAP | UNREAD_NETWORK |
		      UNREAD_SYSTEM;
	m = merge_refreshed(&former);
	ck_assert_str_eq(m.system.os, "seen");
	ck_assert_str_eq(m.unit, "seen.scope");
	ck_assert_str_eq(m.root_directory, "/seen");
	ck_assert_uint_eq(m.uids.count, 1);
	ck_assert_uint_eq(m.gids.count, 1);
	ck_assert_uint_eq(m.n_addresses, 2);
	ck_assert_uint_eq(m.n_interfaces, 2);
	seen.unread = 0;
	m = merge_refreshed(&former);
	ck_assert(!m.system.is_known);
	ck_assert_ptr_null(m.unit);
	ck_assert_ptr_null(m.root_directory);
	ck_assert_uint_eq(m.n_addresses, 0);
	ck_assert_uint_eq(m.n_interfaces, 0);
}
END_TEST

static void see_map(const struct idmap_extent *extents, size_t count)
{
	seen.seen.uids = seen.seen.gids = (struct idmap){ extents, count };
}

START_TEST(a_map_is_fixed_when_it_is_first_found)
{
	static const struct idmap_extent wider[] = { { 0, 100000, 65536 }, { 65536, 200000, 10 } };
	static const struct idmap_extent narrower[] = { { 0, 100000, 1000 }, { 2000, 102000, 5 } };
	struct machine former, m;

	see_map(NULL, 0);
	former = merge_new();
	ck_assert_uint_eq(former.uids.count, 0);
	see_map(&seen_extent, 1);
	former = merge_refreshed(&former);
	ck_assert(idmap_equal(&former.uids, &seen.seen.uids));
	see_map(wider, 2);
	m = merge_refreshed(&former);
	ck_assert(idmap_equal(&m.uids, &former.uids));
	ck_assert(idmap_equal(&m.gids, &former.gids));
	see_map(&given_extent, 1);
	m = merge_refreshed(&former);
	ck_assert_uint_eq(m.uids.count, 0);
	see_map(narrower, 2);
	m = merge_again(&former);
	ck_assert(idmap_equal(&m.uids, &seen.seen.uids));
	ck_assert(idmap_equal(&m.gids, &seen.seen.gids));
}
END_TEST

START_TEST(a_map_may_change_while_the_machine_starts)
{
	struct machine former = merge_new(), m;

	seen.seen.user_namespace++;
	see_map(&given_extent, 1);
	m = merge(NULL, &former, true);
	ck_assert(idmap_equal(&m.uids, &seen.seen.uids));
	ck_assert_uint_eq(m.namespaces, seen.seen.namespaces);
	ck_assert_uint_eq(m.user_namespace, seen.seen.user_namespace);
}
END_TEST

START_TEST(ids_are_lost_in_another_user_namespace)
{
	struct machine former = merge_new(), m;

	seen.seen.user_namespace++;
	m = merge_refreshed(&former);
	ck_assert(m.namespaces & MACHINE_HAS_LOST_IDS);
	ck_assert_uint_eq(m.uids.count, 0);
	ck_assert_uint_eq(m.gids.count, 0);
	/* Also back in the former one, and if somebody registers it again. */
	seen.seen.user_namespace = MACHINE_NAMESPACE;
	former = m;
	m = merge_again(&former);
	ck_assert(m.namespaces & MACHINE_HAS_LOST_IDS);
	ck_assert_uint_eq(m.uids.count, 0);
	m = merge(NULL, &former, true);
	ck_assert(!(m.namespaces & MACHINE_HAS_LOST_IDS));
	ck_assert_uint_eq(m.uids.count, 1);
}
END_TEST

START_TEST(no_ids_are_won_by_leaving_the_hosts_user_namespace)
{
	struct machine former, m;

	seen.seen.namespaces = MACHINE_HAS_NAMESPACES;
	seen.seen.user_namespace = HOST_NAMESPACE;
	see_map(NULL, 0);
	former = merge_new();
	seen.seen.namespaces |= MACHINE_HAS_USER_NAMESPACE;
	seen.seen.user_namespace = MACHINE_NAMESPACE;
	see_map(&seen_extent, 1);
	m = merge_refreshed(&former);
	ck_assert_uint_eq(m.uids.count, 0);
	ck_assert(m.namespaces & MACHINE_HAS_LOST_IDS);
}
END_TEST

START_TEST(given_maps_stay_in_any_user_namespace)
{
	struct machine former, m;

	give_everything();
	former = merge_new();
	seen.seen.user_namespace++;
	m = merge_refreshed(&former);
	ck_assert_uint_eq(m.uids.extents->outer, given_extent.outer);
}
END_TEST

START_TEST(ids_that_are_found_late_are_known_as_new)
{
	struct machine former, m;
	struct merge_sources sources = { .name = "web1", .observation = &seen };

	see_map(NULL, 0);
	former = merge_new();
	see_map(&seen_extent, 1);
	sources.former = &former;
	m = merge_machine(&arena, &sources);
	ck_assert(merge_has_new_ids(&sources, &m, ID_UID));
	ck_assert(merge_has_new_ids(&sources, &m, ID_GID));
	former = m;
	m = merge_machine(&arena, &sources);
	ck_assert(!merge_has_new_ids(&sources, &m, ID_UID));
}
END_TEST

START_TEST(a_persons_name_is_not_a_hooks)
{
	struct machine former, m;

	given.is_hooked = true;
	given.machine.next_names = "web1-lxc";
	given.machine.next_names_size = sizeof "web1-lxc";
	former = merge_new();
	ck_assert_uint_eq(former.given, MACHINE_NAMES_HOOKED);
	m = merge_refreshed(&former);
	ck_assert_uint_eq(m.given, MACHINE_NAMES_HOOKED);
	ck_assert_str_eq(m.next_names, "web1-lxc");
	given = (struct registration){ .arena = &arena, .machine.name = "web1" };
	former = merge_again(&m);
	ck_assert_uint_eq(former.given, 0);
	ck_assert_uint_eq(former.next_names_size, 0);
	given.is_hooked = true;
	m = merge_again(&former);
	ck_assert_uint_eq(m.given, 0);
}
END_TEST

START_TEST(fields_of_later_versions_are_carried_on)
{
	static const uint8_t later[] = { 0x99, 0x77, 1, 0, 'x' };
	struct machine former = merge_new(), m;

	former.later_fields = later;
	former.later_fields_size = sizeof later;
	m = merge_refreshed(&former);
	ck_assert_ptr_eq(m.later_fields, later);
	m = merge_again(&former);
	ck_assert_uint_eq(m.later_fields_size, sizeof later);
}
END_TEST

START_TEST(only_a_registrar_finds_that_a_unit_is_shared)
{
	struct machine former, m;

	seen.unit_is_shared = true;
	seen.seen.unit = NULL;
	former = merge_new();
	ck_assert_uint_eq(former.given, MACHINE_UNIT_IS_SHARED);
	/* A refresher in another unit would take it. */
	seen.unit_is_shared = false;
	seen.seen.unit = "user.service";
	m = merge_refreshed(&former);
	ck_assert_ptr_null(m.unit);
	ck_assert_uint_eq(m.given, MACHINE_UNIT_IS_SHARED);
	m = merge_again(&former);
	ck_assert_str_eq(m.unit, "user.service");
	ck_assert_uint_eq(m.given, 0);
	/* A refresher in the machine's own unit doesn't make that a shared one. */
	former = m;
	seen.unit_is_shared = true;
	m = merge_refreshed(&former);
	ck_assert_uint_eq(m.given, 0);
}
END_TEST

START_TEST(facts_of_the_wrong_class_are_not_taken)
{
	struct machine m;

	given.given = FIELD_CLASS;
	given.machine.class = MACHINE_VM;
	m = merge_new();
	ck_assert_int_eq(m.class, MACHINE_VM);
	ck_assert_str_eq(m.unit, "seen.scope");
	ck_assert_ptr_null(m.root_directory);
	ck_assert_uint_eq(m.uids.count, 0);
	ck_assert_uint_eq(m.n_addresses, 0);
}
END_TEST

START_TEST(given_interfaces_and_addresses_are_not_doubled)
{
	struct machine m;

	give_everything();
	m = merge_new();
	ck_assert_uint_eq(m.n_interfaces, 2);
	ck_assert(m.interfaces[0].index == 6 && m.interfaces[0].given);
	ck_assert(m.interfaces[1].index == 5 && !m.interfaces[1].given);
	ck_assert_uint_eq(m.n_addresses, 2);
	ck_assert(machine_has_given_address(&m));
}
END_TEST

START_TEST(given_addresses_of_a_vm_replace_seen_ones)
{
	struct machine m;

	give_everything();
	given.machine.class = seen.class = MACHINE_VM;
	m = merge_new();
	ck_assert_uint_eq(m.n_addresses, 1);
	ck_assert(m.addresses[0].flags & ADDRESS_GIVEN);
}
END_TEST

START_TEST(claims_are_kept_and_not_answered)
{
	static const struct machine_address claims[] = { ADDRESS(2), ADDRESS(3),
							 ADDRESS(4, .flags = ADDRESS_BESIDE) };
	struct machine m;

	seen.seen.addresses = claims;
	seen.seen.n_addresses = ARRAY_SIZE(claims);
	given.given = FIELD_ADDRESSES;
	given.machine.addresses = given_addresses;
	given.machine.n_addresses = 1;
	m = merge_new();
	ck_assert_uint_eq(m.n_addresses, 1);
	ck_assert_msg(m.addresses[0].bytes[3] == 3, "the one that was given");
	ck_assert_uint_eq(m.n_unanswered, 2);
}
END_TEST

START_TEST(what_others_have_stays_theirs_until_the_writer_says_otherwise)
{
	static const struct machine_address beside[] = { ADDRESS(4, .flags = ADDRESS_BESIDE) };
	static const struct machine_address contested[] = { ADDRESS(
		4, .flags = ADDRESS_BESIDE | ADDRESS_CONTESTED) };
	const struct machine former = { .name = "web1",
					.class = MACHINE_CONTAINER,
					.unanswered = contested,
					.n_unanswered = 1 };
	struct machine m;

	seen.seen.addresses = beside;
	seen.seen.n_addresses = 1;
	m = merge_again(&former);
	ck_assert_uint_eq(m.n_addresses, 0);
	ck_assert_uint_eq(m.n_unanswered, 1);
	ck_assert(m.unanswered[0].flags & ADDRESS_CONTESTED);
	seen.seen.addresses = seen_addresses;
	m = merge_again(&former);
	ck_assert_uint_eq(m.n_addresses, 1);
}
END_TEST

START_TEST(addresses_and_interfaces_have_limits)
{
	static struct machine_address addresses[MACHINE_ADDRESSES_MAX];
	static struct machine_interface interfaces[MACHINE_INTERFACES_MAX];
	struct machine m;

	for (size_t i = 0; i < MACHINE_ADDRESSES_MAX; i++)
		addresses[i] = (struct machine_address){ .family = AF_INET,
							 .flags = ADDRESS_ROUTED,
							 .bytes = { 10, 1, (uint8_t) (i >> 8),
								    (uint8_t) i } };
	for (size_t i = 0; i < MACHINE_INTERFACES_MAX; i++)
		interfaces[i].index = (uint32_t) i + 10;
	give_everything();
	seen.seen.addresses = addresses;
	seen.seen.n_addresses = MACHINE_ADDRESSES_MAX;
	seen.seen.interfaces = interfaces;
	seen.seen.n_interfaces = MACHINE_INTERFACES_MAX;
	m = merge_new();
	ck_assert_uint_eq(m.n_addresses, MACHINE_ADDRESSES_MAX);
	ck_assert_uint_eq(m.n_interfaces, MACHINE_INTERFACES_MAX);
	ck_assert(m.interfaces[0].given);
}
END_TEST

Suite *merge_suite(void)
{
	Suite *suite = suite_create("merge");
	TCase *tests = tcase_create("merge");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, a_new_machine_has_what_is_seen);
	tcase_add_test(tests, given_facts_go_before_seen_ones);
	tcase_add_test(tests, given_facts_stay_when_registered_again_or_refreshed);
	tcase_add_test(tests, an_empty_value_returns_to_what_is_seen);
	tcase_add_test(tests, a_fact_that_cannot_be_read_stays);
	tcase_add_test(tests, a_map_is_fixed_when_it_is_first_found);
	tcase_add_test(tests, a_map_may_change_while_the_machine_starts);
	tcase_add_test(tests, ids_are_lost_in_another_user_namespace);
	tcase_add_test(tests, no_ids_are_won_by_leaving_the_hosts_user_namespace);
	tcase_add_test(tests, given_maps_stay_in_any_user_namespace);
	tcase_add_test(tests, ids_that_are_found_late_are_known_as_new);
	tcase_add_test(tests, a_persons_name_is_not_a_hooks);
	tcase_add_test(tests, fields_of_later_versions_are_carried_on);
	tcase_add_test(tests, only_a_registrar_finds_that_a_unit_is_shared);
	tcase_add_test(tests, facts_of_the_wrong_class_are_not_taken);
	tcase_add_test(tests, given_interfaces_and_addresses_are_not_doubled);
	tcase_add_test(tests, given_addresses_of_a_vm_replace_seen_ones);
	tcase_add_test(tests, claims_are_kept_and_not_answered);
	tcase_add_test(tests, what_others_have_stays_theirs_until_the_writer_says_otherwise);
	tcase_add_test(tests, addresses_and_interfaces_have_limits);
	suite_add_tcase(suite, tests);
	return suite;
}
