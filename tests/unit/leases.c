/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "host/leases.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static struct arena arena;

static struct leases dnsmasq(const char *text)
{
	struct leases leases = { 0 };

	leases_parse_dnsmasq(&leases, &arena, arena_strdup(&arena, text));
	return leases;
}

static struct leases libvirt(const char *text)
{
	struct leases leases = { 0 };

	leases_parse_libvirt(&leases, &arena, text);
	return leases;
}

static const struct hardware_address guest = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };

static bool is_guests(const struct lease *lease)
{
	return lease->has_hardware && memcmp(&lease->hardware, &guest, sizeof guest) == 0;
}

START_TEST(a_file_of_dnsmasqs_is_read)
{
	struct leases leases = dnsmasq(
		"1795416102 52:54:00:12:34:56 192.168.122.9 web1 ff:b5\n"
		"0 52:54:00:12:34:57 192.168.122.10 * *\n"
		"duid 00:01:00:01:2a:aa:aa:aa:52:54:00:00:00:01\n"
		"1795416102 1193046 fd00::9 web1 00:01:00:01:2a:aa:aa:aa:52:54:00:12:34:56\n"
		"1795416102 T1193046 fd00::a web1 00:03:00:01:52:54:00:12:34:56\n"
		"1795416102 1193046 fd00::b web1 00:02:00:00:ab:11:52:54:00:12:34:56\n");

	ck_assert_uint_eq(leases.count, 5);
	ck_assert(leases.items[0].family == AF_INET && is_guests(&leases.items[0]));
	ck_assert_mem_eq(leases.items[0].bytes, "\xc0\xa8\x7a\x09\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_uint_eq(leases.items[0].expiry, 1795416102);
	ck_assert_msg(leases.items[1].expiry == UINT64_MAX, "0 is for ever");
	ck_assert_msg(is_guests(&leases.items[2]), "DUID-LLT");
	ck_assert_msg(is_guests(&leases.items[3]), "DUID-LL");
	ck_assert(leases.items[3].family == AF_INET6);
	ck_assert_msg(!leases.items[4].has_hardware, "DUID-EN has none");
}
END_TEST

START_TEST(what_makes_no_sense_is_passed_over)
{
	static const char *const texts[] = {
		"",
		"\n\n \n",
		"1795416102\n",
		"1795416102 52:54:00:12:34:56\n",
		"1795416102 52:54:00:12:34:56 192.168.122.9\n",
		"1795416102 52:54:00:12:34:56 192.168.122.9 web1\n",
		"then 52:54:00:12:34:56 192.168.122.9 web1 *\n",
		"1795416102 52:54:00:12:34:56 192.168.122.999 web1 *\n",
		"1795416102 52:54:00:12:34:56 127.0.0.1 web1 *\n",
		"\xff\xfe\x01 \x02 \x03 \x04 \x05\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_msg(dnsmasq(texts[i]).count == 0, "%zu", i);
	ck_assert_msg(!dnsmasq("1 06-52:54:00:12:34:56 10.0.0.1 a b\n").items[0].has_hardware,
		      "hardware that isn't Ethernet");
}
END_TEST

START_TEST(a_file_of_libvirts_is_read)
{
	struct leases leases = libvirt(
		"[{\"ip-address\": \"192.168.122.9\", \"mac-address\": \"52:54:00:12:34:56\","
		"\"expiry-time\": 1795416102, \"hostname\": \"web1\"},"
		"{\"ip-address\": \"fd00::9\", \"client-id\": \"00:03:00:01:52:54:00:12:34:56\","
		"\"expiry-time\": 0}]");

	ck_assert_uint_eq(leases.count, 2);
	ck_assert(is_guests(&leases.items[0]) && leases.items[0].expiry == 1795416102);
	ck_assert(is_guests(&leases.items[1]) && leases.items[1].expiry == UINT64_MAX);
}
END_TEST

START_TEST(other_json_is_passed_over)
{
	static const char *const texts[] = {
		"",
		"[",
		"{}",
		"7",
		"null",
		"[7, null, [], {}]",
		"[{\"ip-address\": 7, \"expiry-time\": 1}]",
		"[{\"ip-address\": \"10.0.0.1\"}]",
		"[{\"ip-address\": \"10.0.0.1\", \"expiry-time\": -1}]",
		"[{\"ip-address\": \"x\", \"mac-address\": \"y\", \"expiry-time\": 1}]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_msg(libvirt(texts[i]).count == 0, "%zu", i);
}
END_TEST

START_TEST(a_file_of_dhcpds_is_read_and_its_last_entries_count)
{
	struct leases leases = { 0 };

	leases_parse_dhcpd(
		&leases, &arena,
		arena_strdup(&arena, "# The format of this file is documented in dhcpd.leases(5).\n"
				     "authoring-byte-order little-endian;\n\n"
				     "lease 10.0.0.9 {\n"
				     "  starts 4 2026/11/26 08:00:00;\n"
				     "  ends 4 2026/11/26 08:10:00;\n"
				     "  binding state active;\n"
				     "  hardware ethernet 52:54:00:12:34:57;\n}\n"
				     "lease 10.0.0.10 {\n  ends never;\n  binding state active;\n"
				     "  hardware ethernet 52:54:00:12:34:56;\n"
				     "  client-hostname \"web1\";\n}\n"
				     "lease 10.0.0.11 {\n  ends epoch 1795416102; # Sun\n"
				     "  binding state active;\n"
				     "  hardware ethernet 52:54:00:12:34:56;\n}\n"
				     "lease 10.0.0.11 {\n  binding state free;\n}\n"
				     "lease 10.0.0.9 {\n  ends 4 2026/11/26 08:20:00;\n"
				     "  binding state active;\n  next binding state free;\n"
				     "  hardware ethernet 52:54:00:12:34:56;\n}\n"
				     "lease 10.0.0.12 {\n  binding state active;\n"));
	ck_assert_uint_eq(leases.count, 2);
	ck_assert_mem_eq(leases.items[0].bytes, "\x0a\0\0\x09", 4);
	ck_assert_uint_eq(leases.items[0].expiry, 1795681200);
	ck_assert_mem_eq(leases.items[1].bytes, "\x0a\0\0\x0a", 4);
	ck_assert(leases.items[1].expiry == UINT64_MAX && is_guests(&leases.items[0]));
	ck_assert(is_guests(&leases.items[1]));
}
END_TEST

START_TEST(a_file_of_keas_is_read_and_its_last_entries_count)
{
	struct leases leases = { 0 };

	leases_parse_kea(
		&leases, &arena,
		arena_strdup(&arena,
			     "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,"
			     "fqdn_rev,hostname,state,user_context\n"
			     "10.0.0.9,52:54:00:12:34:57,01:52,3600,1795416102,1,0,0,web1,0,\n"
			     "10.0.0.9,52:54:00:12:34:56,01:52,3600,1795416103,1,0,0,web1,0,\n"
			     "10.0.0.10,52:54:00:12:34:56,,3600,1795416103,1,0,0,,1,\n"
			     "10.0.0.11,short\n"));
	ck_assert_uint_eq(leases.count, 1);
	ck_assert_uint_eq(leases.items[0].expiry, 1795416103);
	ck_assert(is_guests(&leases.items[0]));
	leases_parse_kea(
		&leases, &arena,
		arena_strdup(&arena, "address,duid,valid_lifetime,expire,subnet_id,hwaddr,state\n"
				     "fd00::9,00:03:00:01:52:54:00:12:34:56,60,1795416102,1,,0\n"));
	ck_assert_uint_eq(leases.count, 2);
	ck_assert(leases.items[1].family == AF_INET6 && is_guests(&leases.items[1]));
	/* That a log says nothing more of an address is about that log. */
	leases_parse_kea(&leases, &arena,
			 arena_strdup(&arena, "address,expire,state\nfd00::9,1795416102,2\n"));
	ck_assert_uint_eq(leases.count, 2);
	leases_parse_kea(&leases, &arena, arena_strdup(&arena, ""));
	leases_parse_kea(&leases, &arena, arena_strdup(&arena, "a,b\n1,2\n"));
	ck_assert_uint_eq(leases.count, 2);
}
END_TEST

START_TEST(a_lease_expires_in_its_second)
{
	uint64_t now = (uint64_t) time(NULL);

	ck_assert(lease_has_expired(&(struct lease){ .expiry = now }));
	ck_assert(!lease_has_expired(&(struct lease){ .expiry = now + 100 }));
	ck_assert(!lease_has_expired(&(struct lease){ .expiry = UINT64_MAX }));
}
END_TEST

START_TEST(a_bridge_has_its_files)
{
	char path[PATH_MAX], name[PATH_MAX];
	size_t n = 0;

	ck_assert_int_eq(leases_path(0, "virbr0", path), 0);
	ck_assert_str_eq(path, "/var/lib/libvirt/dnsmasq/virbr0.status");
	while (leases_path(n, "br0", path) == 0)
		n++;
	ck_assert_int_eq(leases_path(n, "br0", path), -ENOENT);
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	ck_assert_int_eq(leases_path(0, name, path), -ENAMETOOLONG);
}
END_TEST

START_TEST(hardware_addresses_are_read)
{
	struct hardware_address address = { 0 };

	ck_assert_int_eq(hardware_address_parse("52:54:00:12:34:56,bus=x", &address), 0);
	ck_assert_mem_eq(&address, &guest, sizeof guest);
	ck_assert_int_eq(hardware_address_parse("52:54:0:12:34:56", &address), -EINVAL);
	ck_assert_int_eq(hardware_address_parse("52:54:00:12:34", &address), -EINVAL);
	ck_assert_int_eq(hardware_address_parse("", &address), -EINVAL);
	ck_assert_msg(memcmp(&address, &guest, sizeof guest) == 0, "left alone");
}
END_TEST

Suite *leases_suite(void)
{
	Suite *s = suite_create("leases");

	ADD(s, a_file_of_dnsmasqs_is_read);
	ADD(s, what_makes_no_sense_is_passed_over);
	ADD(s, a_file_of_libvirts_is_read);
	ADD(s, other_json_is_passed_over);
	ADD(s, a_file_of_dhcpds_is_read_and_its_last_entries_count);
	ADD(s, a_file_of_keas_is_read_and_its_last_entries_count);
	ADD(s, a_lease_expires_in_its_second);
	ADD(s, a_bridge_has_its_files);
	ADD(s, hardware_addresses_are_read);
	return s;
}
