/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers to each kind of question. */
#include "base/array_size.h"
#include "tests/plugin/fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_tuple(const struct gaih_addrtuple *t, int family, const char *text,
			 uint32_t scope)
{
	char formatted[INET6_ADDRSTRLEN];

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(t->family, family);
	ck_assert_str_eq(inet_ntop(family, t->addr, formatted, sizeof formatted), text);
	ck_assert_uint_eq(t->scopeid, scope);
	ck_assert_str_eq(t->name, "Web1");
}

static void assert_host(const struct answer *a, int family, const char *const *texts)
{
	char formatted[INET6_ADDRSTRLEN];
	size_t n = 0;

	ck_assert_int_eq(a->status, NSS_STATUS_SUCCESS);
	ck_assert_int_eq(a->host.h_addrtype, family);
	ck_assert_int_eq(a->host.h_length, family == AF_INET ? 4 : 16);
	ck_assert_str_eq(a->host.h_name, "Web1");
	ck_assert_str_eq(a->host.h_aliases[0], "www");
	ck_assert_str_eq(a->host.h_aliases[1], "mail.example.com");
	ck_assert_ptr_null(a->host.h_aliases[2]);
	for (; texts[n]; n++)
		ck_assert_str_eq(
			inet_ntop(family, a->host.h_addr_list[n], formatted, sizeof formatted),
			texts[n]);
	ck_assert_ptr_null(a->host.h_addr_list[n]);
}

static const char *const ipv4[] = { "10.0.0.2", "10.0.0.3", "169.254.0.2", "172.17.0.1", NULL };
static const char *const ipv6[] = { "fd00::2", NULL };

START_TEST(all_addresses_come_in_order_with_their_scope)
{
	struct answer a = by_name4("web1");
	const struct gaih_addrtuple *t = a.tuples;

	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_int_eq(a.ttl, 0);
	assert_tuple(t, AF_INET, "10.0.0.2", 0);
	assert_tuple(t = t->next, AF_INET, "10.0.0.3", 0);
	assert_tuple(t = t->next, AF_INET6, "fd00::2", 0);
	assert_tuple(t = t->next, AF_INET, "169.254.0.2", 0);
	assert_tuple(t = t->next, AF_INET6, "fe80::2", 7);
	/* fe80::3 has no interface of the host's: nobody could reach it. */
	assert_tuple(t = t->next, AF_INET, "172.17.0.1", 0);
	ck_assert_ptr_null(t->next);
}
END_TEST

START_TEST(the_callers_own_first_tuple_is_used)
{
	struct gaih_addrtuple own;
	struct question q = { .entry = BY_NAME4, .name = "web1", .first = &own };
	struct answer a = ask(&q);

	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_ptr_eq(a.tuples, &own);
	assert_tuple(&own, AF_INET, "10.0.0.2", 0);
	assert_in_buffer(&q, &a);
}
END_TEST

START_TEST(families_are_told_apart)
{
	struct answer a = by_name("web1", AF_INET);

	assert_host(&a, AF_INET, ipv4);
	ck_assert_int_eq(a.ttl, 0);
	ck_assert_str_eq(a.canonical, "Web1");
	a = by_name("web1", AF_INET6);
	assert_host(&a, AF_INET6, ipv6);
	a = by_name("web1", AF_UNSPEC);
	assert_host(&a, AF_INET, ipv4);
	a = ask(&(struct question){ .entry = BY_NAME2, .name = "web1", .family = AF_INET6 });
	assert_host(&a, AF_INET6, ipv6);
	a = ask(&(struct question){ .entry = BY_NAME, .name = "web1" });
	assert_host(&a, AF_INET, ipv4);
}
END_TEST

START_TEST(foreign_families_have_no_data)
{
	static const int families[] = { AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK, -1, 1 << 20 };
	static const unsigned char bytes[16] = { 10, 0, 0, 2 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		assert_no_data(by_name("web1", families[i]));
		for (socklen_t size = 0; size <= 16; size++)
			assert_no_data(ask(&(struct question){ .entry = BY_ADDRESS2,
							       .family = families[i],
							       .address = bytes,
							       .address_size = size }));
	}
}
END_TEST

START_TEST(addresses_of_another_length_have_no_data)
{
	static const unsigned char bytes[20] = { 10, 0, 0, 2 };

	for (socklen_t size = 0; size <= sizeof bytes; size++) {
		struct question q = { .entry = BY_ADDRESS, .family = AF_INET, .address = bytes };

		q.address_size = size;
		if (size != 4)
			assert_no_data(ask(&q));
		q.family = AF_INET6;
		if (size != 16)
			assert_no_data(ask(&q));
	}
}
END_TEST

START_TEST(names_match_in_any_case_with_a_dot_and_as_aliases)
{
	static const char *const names[] = {
		"web1", "WEB1", "Web1.", "www", "WWW.", "mail.example.com", "MAIL.Example.com."
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct answer a = by_name4(names[i]);

		ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
		ck_assert_str_eq(a.tuples->name, "Web1");
		a = by_name(names[i], AF_INET);
		assert_host(&a, AF_INET, ipv4);
	}
}
END_TEST

START_TEST(other_names_are_not_here)
{
	static char longest[100000];
	static const char *const names[] = { "",      ".",	  "web1..",  "web",
					     "web11", "mail",	  "we b1",   "web1\n",
					     "web1 ", "10.0.0.2", "fe80::2", "w\xc3\xbc",
					     "*",     "..",	  "-",	     "localhost" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_no_host(by_name4(names[i]));
		assert_no_host(by_name(names[i], AF_INET));
	}
	memset(longest, 'a', sizeof longest - 1);
	assert_no_host(by_name4(longest));
	assert_not_found(user_by_name(longest));
	memcpy(longest, "vu-", 3);
	assert_not_found(user_by_name(longest));
}
END_TEST

/* One address of "seen", which the host has seen so, in each family. */
static void put_seen(uint8_t flags)
{
	struct machine_address addresses[] = { address("10.0.0.7", 0, 0),
					       address("fd00::7", 0, 0) };
	struct machine m = { .name = "seen",
			     .class = MACHINE_CONTAINER,
			     .leader = start_leader(),
			     .addresses = addresses,
			     .n_addresses = 2 };

	addresses[0].flags = addresses[1].flags = flags;
	put(&m);
}

static bool is_enumerated(const char *name)
{
	static const struct question next = { .entry = NEXT_HOST };
	bool is_there = false;
	struct answer a;

	module.sethostent(0);
	while ((a = ask(&next)).status == NSS_STATUS_SUCCESS)
		is_there |= strcmp(a.host.h_name, name) == 0;
	module.endhostent();
	return is_there;
}

START_TEST(claims_are_never_answered)
{
	put_seen(ADDRESS_ON_BRIDGE);
	assert_no_data(by_name4("seen"));
	assert_no_data(by_name("seen", AF_INET));
	assert_no_data(by_name("seen", AF_INET6));
	assert_no_host(by_address(AF_INET, "10.0.0.7"));
	assert_no_host(by_address(AF_INET6, "fd00::7"));
	ck_assert(!is_enumerated("seen"));
}
END_TEST

START_TEST(what_is_not_sure_is_answered_forwards_only)
{
	static const uint8_t flags[] = { ADDRESS_FORWARD_ONLY, ADDRESS_BESIDE };

	put_seen(flags[_i]);
	ck_assert_int_eq(by_name4("seen").status, NSS_STATUS_SUCCESS);
	ck_assert_int_eq(by_name("seen", AF_INET).status, NSS_STATUS_SUCCESS);
	ck_assert_int_eq(by_name("seen", AF_INET6).status, NSS_STATUS_SUCCESS);
	assert_no_host(by_address(AF_INET, "10.0.0.7"));
	assert_no_host(by_address(AF_INET6, "fd00::7"));
	ck_assert(!is_enumerated("seen"));
}
END_TEST

START_TEST(what_is_true_is_answered_both_ways)
{
	static const uint8_t flags[] = { ADDRESS_GIVEN, ADDRESS_ROUTED, ADDRESS_LEASED };

	put_seen(flags[_i]);
	ck_assert_int_eq(by_name("seen", AF_INET).status, NSS_STATUS_SUCCESS);
	ck_assert_str_eq(by_address(AF_INET, "10.0.0.7").host.h_name, "seen");
	ck_assert_str_eq(by_address(AF_INET6, "fd00::7").host.h_name, "seen");
	ck_assert(is_enumerated("seen"));
}
END_TEST

START_TEST(a_machine_without_such_addresses_has_no_data)
{
	struct machine_leader l2 = start_leader(), l3 = start_leader();
	struct machine none = { .name = "bare", .class = MACHINE_VM, .leader = l2 };
	struct machine_address link = address("fe80::9", 7, 0);
	struct machine only = { .name = "linked",
				.class = MACHINE_CONTAINER,
				.leader = l3,
				.addresses = &link,
				.n_addresses = 1 };

	put(&none);
	put(&only);
	assert_no_data(by_name4("bare"));
	assert_no_data(by_name("bare", AF_INET));
	assert_no_data(by_name("bare", AF_UNSPEC));
	ck_assert_int_eq(by_name4("linked").status, NSS_STATUS_SUCCESS);
	assert_no_data(by_name("linked", AF_INET6));
	assert_no_data(by_name("linked", AF_INET));
}
END_TEST

START_TEST(without_a_family_addresses_have_four_bytes)
{
	struct machine_leader l2 = start_leader();
	struct machine_address only = address("fd00::9", 0, 0);
	struct machine six = { .name = "six",
			       .class = MACHINE_CONTAINER,
			       .leader = l2,
			       .addresses = &only,
			       .n_addresses = 1 };

	put(&six);
	assert_no_data(ask(&(struct question){ .entry = BY_NAME, .name = "six" }));
	ck_assert_int_eq(by_name("six", AF_INET6).status, NSS_STATUS_SUCCESS);
}
END_TEST

START_TEST(addresses_lead_back_to_names)
{
	static const char *const asked4[] = { "10.0.0.3", NULL };
	static const char *const asked6[] = { "fd00::2", NULL };
	static const char *const mapped[] = { "::ffff:10.0.0.2", NULL };
	static const char *const link[] = { "fe80::2", NULL };
	struct answer a = by_address(AF_INET, "10.0.0.3");

	assert_host(&a, AF_INET, asked4);
	ck_assert_int_eq(a.ttl, 0);
	a = by_address(AF_INET6, "fd00::2");
	assert_host(&a, AF_INET6, asked6);
	a = by_address(AF_INET6, "::ffff:10.0.0.2");
	assert_host(&a, AF_INET6, mapped);
	a = by_address(AF_INET6, "fe80::2");
	assert_host(&a, AF_INET6, link);
	assert_no_host(by_address(AF_INET, "10.0.0.4"));
	assert_no_host(by_address(AF_INET, "127.0.0.1"));
	assert_no_host(by_address(AF_INET6, "::1"));
	assert_no_host(by_address(AF_INET6, "::ffff:10.0.0.4"));
	assert_no_host(by_address(AF_INET6, "::10.0.0.2"));
}
END_TEST

START_TEST(names_with_one_beginning_are_told_apart)
{
	struct machine_leader l2 = start_leader(), l3 = start_leader();
	struct machine_address addresses[] = { address("10.0.1.1", 0, 0),
					       address("10.0.1.2", 0, 0) };
	struct machine first = { .name = "production-web-1",
				 .class = MACHINE_VM,
				 .leader = l2,
				 .addresses = &addresses[0],
				 .n_addresses = 1 };
	struct machine second = { .name = "production-web-2",
				  .class = MACHINE_VM,
				  .leader = l3,
				  .addresses = &addresses[1],
				  .n_addresses = 1 };

	put(&first);
	put(&second);
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(by_name4("production-web-1").tuples->name, "production-web-1");
		ck_assert_str_eq(by_name4("production-web-2").tuples->name, "production-web-2");
	}
}
END_TEST

START_TEST(a_shared_address_is_the_oldest_live_machines)
{
	struct machine_leader l2 = start_leader();
	struct machine_address same = address("10.0.0.2", 8, 0);
	struct machine second = { .name = "aaa",
				  .class = MACHINE_CONTAINER,
				  .leader = l2,
				  .addresses = &same,
				  .n_addresses = 1 };

	put(&second);
	ck_assert_str_eq(by_address(AF_INET, "10.0.0.2").host.h_name, "Web1");
	kill_leader(&leader);
	ck_assert_str_eq(by_address(AF_INET, "10.0.0.2").host.h_name, "aaa");
	kill_leader(&l2);
	assert_no_host(by_address(AF_INET, "10.0.0.2"));
}
END_TEST

START_TEST(a_dead_machine_does_not_resolve_but_its_files_have_names)
{
	siginfo_t info;

	ck_assert_int_eq(by_name4("web1").status, NSS_STATUS_SUCCESS);
	/* Killed, and not yet waited for: a zombie. */
	ck_assert_int_eq(kill((pid_t) leader.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, leader.pid, &info, WEXITED | WNOWAIT), 0);
	assert_no_host(by_name4("web1"));
	assert_no_host(by_name("www", AF_INET));
	assert_no_host(by_address(AF_INET, "10.0.0.2"));
	ck_assert_int_eq(waitpid((pid_t) leader.pid, NULL, 0), (pid_t) leader.pid);
	assert_no_host(by_name4("web1"));
	ck_assert_int_eq(user_by_id(100033).status, NSS_STATUS_SUCCESS);
	module.sethostent(0);
	assert_no_host(ask(&(struct question){ .entry = NEXT_HOST }));
}
END_TEST

START_TEST(users_have_names_and_names_have_users)
{
	struct answer a = user_by_name("vu-Web1-33");

	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_str_eq(a.user.pw_name, "vu-Web1-33");
	ck_assert_str_eq(a.user.pw_passwd, "!*");
	ck_assert_uint_eq(a.user.pw_uid, 100033);
	ck_assert_uint_eq(a.user.pw_gid, 65534);
	ck_assert_str_eq(a.user.pw_gecos, "UID 33 of Container Web1");
	ck_assert_str_eq(a.user.pw_dir, "/");
	ck_assert_str_eq(a.user.pw_shell, "/usr/sbin/nologin");
	a = user_by_id(100033);
	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_str_eq(a.user.pw_name, "vu-Web1-33");
	ck_assert_uint_eq(a.user.pw_uid, 100033);
	a = user_by_id(165533);
	ck_assert_str_eq(a.user.pw_name, "vu-Web1-65533");
	a = ask(&(struct question){ .entry = SHADOW_BY_NAME, .name = "vu-Web1-33" });
	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_str_eq(a.shadow.sp_namp, "vu-Web1-33");
	ck_assert_str_eq(a.shadow.sp_pwdp, "!*");
	ck_assert_int_eq(a.shadow.sp_expire, 1);
}
END_TEST

START_TEST(groups_have_names_and_names_have_groups)
{
	struct answer a = group_by_name("vg-Web1-33");

	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_str_eq(a.group.gr_name, "vg-Web1-33");
	ck_assert_str_eq(a.group.gr_passwd, "!*");
	ck_assert_uint_eq(a.group.gr_gid, 100033);
	ck_assert_ptr_null(a.group.gr_mem[0]);
	a = group_by_id(101001);
	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	ck_assert_str_eq(a.group.gr_name, "vg-Web1-1001");
}
END_TEST

START_TEST(what_is_never_answered_is_not)
{
	static const char *const users[] = {
		"",
		"root",
		"vu-Web1-1000", /* the host's own uid 1000 */
		"vu-Web1-65534",
		"vu-Web1-65535",
		"vu-Web1-65536",
		"vu-Web1-4294967295",
		"vu-Web1-4294967296",
		"vu-Web1-01",
		"vu-Web1-",
		"vu-Web1",
		"vu--1",
		"vu-web1-33", /* a user name has its case */
		"vu-www-33",  /* and no aliases */
		"vg-Web1-33",
		"vu-nosuch-33",
		"vu-Web1-33 ",
		" vu-Web1-33",
		"vu-Web1-+33",
		"vu-Web1.-33",
	};
	static const uint32_t ids[] = { 0,	1000,	65533,	    65534,	    65535,
					65536,	99999,	101000,	    165534,	    165535,
					165536, 200000, 0x7fffffff, UINT32_MAX - 1, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		assert_not_found(user_by_name(users[i]));
		assert_not_found(
			ask(&(struct question){ .entry = SHADOW_BY_NAME, .name = users[i] }));
	}
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_not_found(user_by_id(ids[i]));
		assert_not_found(group_by_id(ids[i]));
		/* Also from the memo. */
		assert_not_found(user_by_id(ids[i]));
	}
	assert_not_found(group_by_name("vu-Web1-33"));
	assert_not_found(group_by_name("vg-web1-33"));
}
END_TEST

START_TEST(an_id_of_two_machines_is_the_firsts_and_both_have_its_name)
{
	struct machine_leader l2 = start_leader();
	static const struct idmap_extent ids[] = { { 0, 100500, 1000 } };
	struct machine second = {
		.name = "second", .class = MACHINE_CONTAINER, .leader = l2, .uids = { ids, 1 }
	};

	put(&second);
	ck_assert_str_eq(user_by_id(100500).user.pw_name, "vu-Web1-500");
	ck_assert_str_eq(user_by_id(101000).user.pw_name, "vu-second-500");
	ck_assert_uint_eq(user_by_name("vu-second-0").user.pw_uid, 100500);
	ck_assert_uint_eq(user_by_name("vu-Web1-500").user.pw_uid, 100500);
	take_out("web1");
	ck_assert_str_eq(user_by_id(100500).user.pw_name, "vu-second-0");
	assert_not_found(user_by_id(100499));
}
END_TEST

START_TEST(long_and_dotted_names_work_both_ways)
{
	static const struct idmap_extent a[] = { { 0, 300000, 65536 } };
	static const struct idmap_extent b[] = { { 0, 400000, 65536 } };
	struct machine_leader l2 = start_leader(), l3 = start_leader();
	struct machine dotted = { .name = "web.example.com",
				  .class = MACHINE_CONTAINER,
				  .leader = l2,
				  .uids = { a, 1 } };
	struct machine longest = {
		.name = "a23456789012345678901234567890123456789012345678901234567890123",
		.class = MACHINE_CONTAINER,
		.leader = l3,
		.uids = { b, 1 }
	};
	char name[100];

	put(&dotted);
	put(&longest);
	ck_assert_str_eq(user_by_id(300007).user.pw_name, "vu-web.example.com-7");
	/* What is known of users says nothing of groups. */
	assert_not_found(group_by_id(300007));
	ck_assert_uint_eq(user_by_name("vu-web.example.com-7").user.pw_uid, 300007);
	snprintf(name, sizeof name, "vu-%s-65533", longest.name);
	ck_assert_str_eq(user_by_id(465533).user.pw_name, name);
	ck_assert_uint_eq(user_by_name(name).user.pw_uid, 465533);
}
END_TEST

START_TEST(all_hosts_are_enumerated)
{
	struct machine_leader l2 = start_leader(), l3 = start_leader();
	struct machine_address addresses[] = { address("10.0.0.9", 0, 0) };
	struct machine second = { .name = "alpha",
				  .class = MACHINE_VM,
				  .leader = l2,
				  .addresses = addresses,
				  .n_addresses = 1 };
	struct machine third = { .name = "none", .class = MACHINE_VM, .leader = l3 };
	static const struct question next = { .entry = NEXT_HOST };

	put(&second);
	put(&third);
	for (int round = 0; round < 3; round++) {
		struct answer a;

		ck_assert_int_eq(module.sethostent(round), NSS_STATUS_SUCCESS);
		a = ask(&next);
		ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
		ck_assert_str_eq(a.host.h_name, "alpha");
		ck_assert_int_eq(a.host.h_addrtype, AF_INET);
		/* A buffer that is too small loses nothing. */
		ck_assert_int_eq(ask_with(&next, 40, 0).status, NSS_STATUS_TRYAGAIN);
		a = ask(&next);
		assert_host(&a, AF_INET, ipv4);
		ck_assert_int_eq(ask_with(&next, 40, 0).status, NSS_STATUS_TRYAGAIN);
		a = ask(&next);
		assert_host(&a, AF_INET6, ipv6);
		assert_no_host(ask(&next));
		assert_no_host(ask(&next));
		ck_assert_int_eq(module.endhostent(), NSS_STATUS_SUCCESS);
	}
}
END_TEST

START_TEST(every_buffer_length_is_too_small_or_enough)
{
	struct question q = answerable((enum entry) _i);

	for (size_t misalignment = 0; misalignment < 8; misalignment++) {
		size_t enough = 0;

		for (size_t length = 0; length < 640; length++) {
			struct answer a;

			module.sethostent(0);
			a = ask_with(&q, length, misalignment);
			if (a.status == NSS_STATUS_SUCCESS) {
				assert_in_buffer(&q, &a);
				enough = enough ? enough : length;
				continue;
			}
			ck_assert_msg(!enough, "%zu was enough, but %zu isn't", enough, length);
			ck_assert_int_eq(a.status, NSS_STATUS_TRYAGAIN);
			ck_assert_int_eq(a.error, ERANGE);
			if (q.entry <= NEXT_HOST)
				ck_assert_int_eq(a.h_error, NETDB_INTERNAL);
		}
		ck_assert_uint_gt(enough, 0);
		/* And no more than it needs. */
		ck_assert_uint_lt(enough, 600);
	}
}
END_TEST

START_TEST(a_machine_with_very_many_addresses_is_answered_whole)
{
	static struct machine_address many[MACHINE_ADDRESSES_MAX];
	struct machine_leader l2 = start_leader();
	struct machine m = { .name = "many",
			     .class = MACHINE_CONTAINER,
			     .leader = l2,
			     .addresses = many,
			     .n_addresses = MACHINE_ADDRESSES_MAX };
	size_t count = 0;
	struct answer a;

	for (size_t i = 0; i < MACHINE_ADDRESSES_MAX; i++)
		many[i] = (struct machine_address){ .family = AF_INET,
						    .flags = ADDRESS_ROUTED,
						    .bytes = { 10, 1, (uint8_t) (i >> 8),
							       (uint8_t) i } };
	put(&m);
	a = by_name4("many");
	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	for (const struct gaih_addrtuple *t = a.tuples; t; t = t->next)
		count++;
	ck_assert_uint_eq(count, MACHINE_ADDRESSES_MAX);
	a = by_name("many", AF_INET);
	ck_assert_int_eq(a.status, NSS_STATUS_SUCCESS);
	for (count = 0; a.host.h_addr_list[count];)
		count++;
	ck_assert_uint_eq(count, MACHINE_ADDRESSES_MAX);
}
END_TEST

void add_answers(Suite *suite)
{
	ADD(suite, all_addresses_come_in_order_with_their_scope);
	ADD(suite, the_callers_own_first_tuple_is_used);
	ADD(suite, families_are_told_apart);
	ADD(suite, foreign_families_have_no_data);
	ADD(suite, addresses_of_another_length_have_no_data);
	ADD(suite, names_match_in_any_case_with_a_dot_and_as_aliases);
	ADD(suite, other_names_are_not_here);
	ADD(suite, a_machine_without_such_addresses_has_no_data);
	ADD(suite, without_a_family_addresses_have_four_bytes);
	ADD(suite, addresses_lead_back_to_names);
	ADD(suite, names_with_one_beginning_are_told_apart);
	ADD(suite, a_shared_address_is_the_oldest_live_machines);
	ADD(suite, a_dead_machine_does_not_resolve_but_its_files_have_names);
	ADD(suite, users_have_names_and_names_have_users);
	ADD(suite, groups_have_names_and_names_have_groups);
	ADD(suite, what_is_never_answered_is_not);
	ADD(suite, an_id_of_two_machines_is_the_firsts_and_both_have_its_name);
	ADD(suite, long_and_dotted_names_work_both_ways);
	ADD(suite, claims_are_never_answered);
	ADD_LOOP(suite, what_is_not_sure_is_answered_forwards_only, 2);
	ADD_LOOP(suite, what_is_true_is_answered_both_ways, 3);
	ADD(suite, all_hosts_are_enumerated);
	ADD_LOOP(suite, every_buffer_length_is_too_small_or_enough, N_ENTRIES);
	ADD(suite, a_machine_with_very_many_addresses_is_answered_whole);
}
