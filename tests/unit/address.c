/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "registry/address.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

static struct machine_address parse(const char *text)
{
	struct machine_address address;
	char zone[IF_NAMESIZE];

	ck_assert_msg(address_parse(text, &address, zone) == 0, "%s", text);
	return address;
}

START_TEST(addresses_go_there_and_back)
{
	static const char *const good[] = { "10.0.0.2", "169.254.7.7", "223.255.255.255",
					    "fd00::2",	"2001:db8::1", "fe80::ff:fe00:1",
					    "fec0::1" };
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct machine_address address = parse(good[i]);

		ck_assert_str_eq(address_format(&address, text), good[i]);
	}
}
END_TEST

START_TEST(mapped_addresses_become_ipv4)
{
	struct machine_address address = parse("::ffff:10.0.0.2");
	static const uint8_t bytes[16] = { 10, 0, 0, 2 };

	ck_assert_int_eq(address.family, AF_INET);
	ck_assert_mem_eq(address.bytes, bytes, 16);
}
END_TEST

START_TEST(malformed_addresses_are_refused)
{
	static const char *const bad[] = {
		"",
		"10",
		"10.0.0",
		"10.0.0.256",
		"10.0.0.02x",
		"10.0.0.2 ",
		" 10.0.0.2",
		"10.0.0.2/24",
		"fe80::1%",
		"fe80::g",
		"web1",
		"10.0.0.2%eth0",
		"::ffff:1.2.3.4%eth0",
		"[fd00::1]",
		"fe80::1%an-interface-name-too-long",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"
	};
	struct machine_address address = { .prefix_length = 9 };
	char zone[IF_NAMESIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(address_parse(bad[i], &address, zone) == -EINVAL, "'%s'", bad[i]);
	ck_assert_uint_eq(address.prefix_length, 9);
}
END_TEST

START_TEST(addresses_that_nobody_has_are_refused)
{
	static const char *const bad[] = { "127.0.0.1", "127.1.2.3", "0.0.0.0",		"0.1.2.3",
					   "224.0.0.1", "240.0.0.1", "255.255.255.255", "::",
					   "::1",	"ff02::1",   "::ffff:127.0.0.1" };
	struct machine_address address;
	char zone[IF_NAMESIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(address_parse(bad[i], &address, zone) == -EADDRNOTAVAIL, "'%s'",
			      bad[i]);
}
END_TEST

START_TEST(scopes_are_known_by_value)
{
	ck_assert_int_eq(parse("10.0.0.2").scope, RT_SCOPE_UNIVERSE);
	ck_assert_int_eq(parse("169.254.0.1").scope, RT_SCOPE_LINK);
	ck_assert_int_eq(parse("fd00::2").scope, RT_SCOPE_UNIVERSE);
	ck_assert_int_eq(parse("fe80::2").scope, RT_SCOPE_LINK);
	ck_assert_int_eq(parse("febf::2").scope, RT_SCOPE_LINK);
	ck_assert_int_eq(parse("fec0::2").scope, RT_SCOPE_SITE);
	ck_assert_int_eq(parse("fe00::2").scope, RT_SCOPE_UNIVERSE);
}
END_TEST

START_TEST(zones_are_kept_apart)
{
	struct machine_address address;
	char zone[IF_NAMESIZE], text[ADDRESS_TEXT_SIZE];

	ck_assert_int_eq(address_parse("fe80::2%ve-web1", &address, zone), 0);
	ck_assert_str_eq(zone, "ve-web1");
	ck_assert_str_eq(address_format(&address, text), "fe80::2");
	address.host_interface = 4294967295u;
	ck_assert_str_eq(address_format(&address, text), "fe80::2%4294967295");
	ck_assert_int_eq(address_parse("fd00::2", &address, zone), 0);
	ck_assert_str_eq(zone, "");
	address.host_interface = 3;
	ck_assert_str_eq(address_format(&address, text), "fd00::2");
}
END_TEST

START_TEST(equal_are_family_bytes_and_interface)
{
	struct machine_address a, b;
	char zone[IF_NAMESIZE];

	ck_assert_int_eq(address_parse("fe80::1", &a, zone), 0);
	b = a;
	b.flags = ADDRESS_GIVEN;
	ck_assert(address_equal(&a, &b));
	b.host_interface = 3;
	ck_assert_msg(!address_equal(&a, &b), "through another interface");
	b = a;
	b.bytes[15] = 2;
	ck_assert(!address_equal(&a, &b));
	b = a;
	b.family = AF_INET;
	ck_assert(!address_equal(&a, &b));
}
END_TEST

START_TEST(the_order_is_scope_then_family_and_bridges_last)
{
	/* Any two of these are in this order, whatever the order they come in. */
	static const char *const order[] = { "10.0.0.2", "fd00::2",    "fec0::2", "169.254.0.2",
					     "fe80::2",	 "172.17.0.1", "fd17::1" };
	struct machine_address addresses[7];
	char text[ADDRESS_TEXT_SIZE];

	for (unsigned int rotation = 0; rotation < 7; rotation++) {
		for (unsigned int i = 0; i < 7; i++) {
			unsigned int from = (i * 3 + rotation) % 7;

			addresses[i] = parse(order[from]);
			addresses[i].flags = from >= 5 ? ADDRESS_ON_BRIDGE | ADDRESS_GIVEN : 0;
		}
		addresses_sort(addresses, 7);
		for (unsigned int i = 0; i < 7; i++)
			ck_assert_str_eq(address_format(&addresses[i], text), order[i]);
	}
}
END_TEST

START_TEST(inserting_keeps_what_sorting_puts_first)
{
	static const char *const texts[] = { "169.254.0.2", "10.0.0.2", "fd00::2", "10.0.0.1",
					     "fe80::2",	    "fec0::2",	"fd00::1" };
	struct machine_address sorted[7], inserted[7];

	for (size_t room = 1; room <= 7; room++) {
		size_t count = 0, left_out = 0;

		for (size_t i = 0; i < 7; i++) {
			sorted[i] = parse(texts[i]);
			left_out += !addresses_insert(inserted, &count, room, &sorted[i]);
		}
		addresses_sort(sorted, 7);
		ck_assert_uint_eq(count, room);
		ck_assert_uint_eq(left_out, 7 - room);
		ck_assert_mem_eq(inserted, sorted, room * sizeof *sorted);
	}
}
END_TEST

START_TEST(answered_addresses_come_first)
{
	static const struct {
		const char *texts[3];
		uint8_t flags[3];
		size_t answered;
		const char *first;
	} rows[] = {
		{ { "10.0.0.1", "10.0.0.2" }, { 0, ADDRESS_ROUTED }, 1, "10.0.0.2" },
		{ { "10.0.0.1", "10.0.0.2" }, { ADDRESS_BESIDE, ADDRESS_ROUTED }, 1, "10.0.0.2" },
		{ { "10.0.0.1", "10.0.0.2" }, { ADDRESS_BESIDE, 0 }, 1, "10.0.0.1" },
		{ { "10.0.0.1", "fe80::2" }, { ADDRESS_BESIDE, ADDRESS_ROUTED }, 2, "10.0.0.1" },
		{ { "10.0.0.1", "10.0.0.2" },
		  { ADDRESS_FORWARD_ONLY | ADDRESS_CONTESTED, ADDRESS_FORWARD_ONLY },
		  1,
		  "10.0.0.2" },
		{ { "10.0.0.1", "10.0.0.2" },
		  { ADDRESS_BESIDE | ADDRESS_CONTESTED, ADDRESS_BESIDE },
		  1,
		  "10.0.0.2" },
		{ { "10.0.0.1", "10.0.0.2", "10.0.0.3" },
		  { 0, ADDRESS_LEASED, ADDRESS_GIVEN },
		  2,
		  "10.0.0.2" },
		{ { "fd00::1", "10.0.0.2", "10.0.0.3" },
		  { ADDRESS_ROUTED, ADDRESS_ROUTED, 0 },
		  2,
		  "10.0.0.2" },
		{ { "10.0.0.1" }, { 0 }, 0, "10.0.0.1" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct machine_address addresses[3];
		char text[ADDRESS_TEXT_SIZE];
		size_t count = 0;

		for (; count < 3 && rows[i].texts[count]; count++) {
			addresses[count] = parse(rows[i].texts[count]);
			addresses[count].flags = rows[i].flags[count];
		}
		ck_assert_msg(addresses_divide(addresses, count) == rows[i].answered, "row %zu", i);
		ck_assert_str_eq(address_format(addresses, text), rows[i].first);
	}
}
END_TEST

START_TEST(an_addresss_standing_has_a_name)
{
	static const struct {
		uint8_t flags;
		const char *name;
	} rows[] = {
		{ 0, "claimed" },
		{ ADDRESS_ON_BRIDGE, "claimed" },
		{ ADDRESS_GIVEN | ADDRESS_ROUTED, "given" },
		{ ADDRESS_ROUTED, "routed" },
		{ ADDRESS_LEASED, "leased" },
		{ ADDRESS_BESIDE, "beside" },
		{ ADDRESS_FORWARD_ONLY, "forward-only" },
		{ ADDRESS_FORWARD_ONLY | ADDRESS_CONTESTED, "claimed" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(
			address_standing_name(&(struct machine_address){ .flags = rows[i].flags }),
			rows[i].name);
}
END_TEST

START_TEST(mapped_addresses_belong_to_no_machine)
{
	static const uint8_t loopback[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	static const uint8_t any[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 };

	ck_assert(!address_is_unicast(AF_INET6, loopback));
	ck_assert(!address_is_unicast(AF_INET6, any));
}
END_TEST

START_TEST(equals_stay_in_the_order_that_they_came_in)
{
	static const char *const order[] = { "10.0.0.9", "10.0.0.1", "10.0.0.5", "10.0.0.3" };
	struct machine_address addresses[4];
	char text[ADDRESS_TEXT_SIZE];

	for (int i = 0; i < 4; i++)
		addresses[i] = parse(order[i]);
	addresses_sort(addresses, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(address_format(&addresses[i], text), order[i]);
	addresses_sort(NULL, 0);
}
END_TEST

Suite *address_suite(void)
{
	Suite *suite = suite_create("address");

	ADD(suite, addresses_go_there_and_back);
	ADD(suite, mapped_addresses_become_ipv4);
	ADD(suite, malformed_addresses_are_refused);
	ADD(suite, addresses_that_nobody_has_are_refused);
	ADD(suite, scopes_are_known_by_value);
	ADD(suite, zones_are_kept_apart);
	ADD(suite, equal_are_family_bytes_and_interface);
	ADD(suite, the_order_is_scope_then_family_and_bridges_last);
	ADD(suite, inserting_keeps_what_sorting_puts_first);
	ADD(suite, mapped_addresses_belong_to_no_machine);
	ADD(suite, answered_addresses_come_first);
	ADD(suite, an_addresss_standing_has_a_name);
	ADD(suite, equals_stay_in_the_order_that_they_came_in);
	return suite;
}
