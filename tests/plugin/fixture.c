/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/plugin/fixture.h"

#include "base/array_size.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

struct machine_leader leader;

struct machine_address address(const char *text, uint32_t interface, uint8_t flags)
{
	struct machine_address parsed;
	char zone[IF_NAMESIZE];

	ck_assert_int_eq(address_parse(text, &parsed, zone), 0);
	parsed.host_interface = interface;
	parsed.flags = flags | ADDRESS_ROUTED;
	return parsed;
}

void put(struct machine *m)
{
	struct writer w;

	ck_assert_int_eq(writer_open(&w, REGISTRY_DIRECTORY), 0);
	ck_assert_int_eq(writer_put(&w, m), 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
}

void take_out(const char *folded)
{
	struct writer w;

	ck_assert_int_eq(writer_open(&w, REGISTRY_DIRECTORY), 0);
	ck_assert_int_eq(writer_remove(&w, folded), 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
}

static const struct idmap_extent web1_ids[] = { { 0, 100000, 1000 },
						{ 1000, 1000, 1 },
						{ 1001, 101001, 64535 } };

/* A machine with all that can be asked for. */
void put_web1(void)
{
	struct machine_address addresses[] = {
		address("10.0.0.2", 7, 0),
		address("10.0.0.3", 7, 0),
		address("fd00::2", 7, 0),
		address("169.254.0.2", 7, 0),
		address("fe80::2", 7, 0),
		address("fe80::3", 0, 0),
		address("172.17.0.1", 0, ADDRESS_ON_BRIDGE),
	};
	struct machine m = { .name = "Web1",
			     .class = MACHINE_CONTAINER,
			     .leader = leader,
			     .aliases = "www\0mail.example.com",
			     .aliases_size = sizeof "www\0mail.example.com",
			     .addresses = addresses,
			     .n_addresses = ARRAY_SIZE(addresses),
			     .uids = { web1_ids, 3 },
			     .gids = { web1_ids, 3 } };

	put(&m);
}

void setup(void)
{
	module_open();
	leader = start_leader();
	unlink(REGISTRY_PATH);
	put_web1();
}

void assert_not_found(struct answer a)
{
	ck_assert_int_eq(a.status, NSS_STATUS_NOTFOUND);
	ck_assert_int_eq(a.error, ENOENT);
}

void assert_no_host(struct answer a)
{
	assert_not_found(a);
	ck_assert_int_eq(a.h_error, HOST_NOT_FOUND);
}

void assert_no_data(struct answer a)
{
	assert_not_found(a);
	ck_assert_int_eq(a.h_error, NO_DATA);
}

struct question answerable(enum entry entry)
{
	static const unsigned char bytes[4] = { 10, 0, 0, 2 };
	struct question q = { .entry = entry,
			      .name = "mail.example.com",
			      .family = AF_INET,
			      .address = bytes,
			      .address_size = 4,
			      .id = 100033 };

	if (entry == USER_BY_NAME || entry == SHADOW_BY_NAME)
		q.name = "vu-Web1-33";
	if (entry == GROUP_BY_NAME)
		q.name = "vg-Web1-33";
	return q;
}

void assert_all(enum nss_status status, int h_error)
{
	for (int entry = 0; entry < N_ENTRIES; entry++) {
		struct question q = answerable((enum entry) entry);
		struct answer a;

		module.sethostent(0);
		a = ask(&q);
		ck_assert_msg(a.status == status, "entry %d: %d", entry, a.status);
		if (h_error && q.entry <= NEXT_HOST)
			ck_assert_int_eq(a.h_error, h_error);
	}
	ck_assert_int_eq(module.endhostent(), NSS_STATUS_SUCCESS);
}

void add_loop(Suite *suite, const char *name, const TTest *test, int count)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, test, 0, count);
	suite_add_tcase(suite, tests);
}
