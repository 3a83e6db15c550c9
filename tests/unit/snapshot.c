/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries that no writer makes: a registry is only as whole as the program that wrote it. */
#include "registry/snapshot.h"

#include "base/array_size.h"
#include "registry/writer.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define X16 "xxxxxxxxxxxxxxxx"
/* A byte more than a name may have. */
#define LONG_NAME "x" X16 X16 X16 X16

static struct machine_leader leader;
static struct writer writer;

/* Begin to change a registry that has "web1", whose leader is alive. */
static void set_up(void)
{
	struct machine m;

	leader = start_leader();
	m = fixture_machine("web1", &leader);
	fixture_publish(&m);
	/* Its filter of names is there already: the writer won't read all names for one. */
	m.vsock_cid = 3;
	ck_assert_int_eq(writer_open(&writer, fixture_directory()), 0);
	ck_assert_int_eq(writer_put(&writer, &m), 0);
}

static void add(enum database database, const void *key, size_t key_size, const void *value,
		size_t size)
{
	ck_assert_int_eq(transaction_put(&writer.change, database, (struct value){ key, key_size },
					 (struct value){ value, size }),
			 0);
	writer.meta.names += database == DB_NAMES;
}

static void publish(struct snapshot *s)
{
	ck_assert_int_eq(writer_publish(&writer), 0);
	writer_close(&writer);
	ck_assert_int_eq(snapshot_open(s, fixture_path()), 0);
}

/* Have `bytes` in the place of the only `former` of as many bytes in the file, at the same time. */
static void forge(const char *former, const char *bytes, size_t size)
{
	int fd = open(fixture_path(), O_RDWR);
	struct timespec times[2];
	struct stat st;
	uint8_t *all, *at;

	ck_assert_int_eq(fstat(fd, &st), 0);
	all = malloc((size_t) st.st_size);
	ck_assert_int_eq(pread(fd, all, (size_t) st.st_size, 0), st.st_size);
	at = memmem(all, (size_t) st.st_size, former, size);
	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_null(memmem(at + 1, (size_t) (all + st.st_size - at - 1), former, size));
	ck_assert_int_eq(pwrite(fd, bytes, size, at - all), size);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
	free(all);
}

START_TEST(an_alias_of_no_machine_is_damaged)
{
	static const struct {
		const char *value;
		size_t size;
		int expected;
	} rows[] = {
		{ "aweb1", 6, 0 },	    { "aweb1", 5, -EUCLEAN },
		{ "a", 2, -EUCLEAN },	    { "a", 1, -EUCLEAN },
		{ "xweb1", 6, -EUCLEAN },   { "a" LONG_NAME, 1 + sizeof LONG_NAME, -EUCLEAN },
		{ "aalias0", 8, -EUCLEAN }, { "anosuch", 8, -ENOENT },
	};
	char name[] = "alias0";
	struct value record;
	struct snapshot s;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		name[5] = (char) ('0' + i);
		add(DB_NAMES, name, 6, rows[i].value, rows[i].size);
	}
	publish(&s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		name[5] = (char) ('0' + i);
		ck_assert_int_eq(snapshot_find_record(&s, name, &record), rows[i].expected);
	}
	snapshot_close(&s);
}
END_TEST

/* What LMDB has behind an empty value is the size of the value that was put before it; names are even. */
START_TEST(an_empty_value_is_damaged)
{
	char before[NAME_IS_RECORD] = { 0 };
	struct value record;
	struct snapshot s;

	add(DB_NAMES, "before", 6, before, sizeof before);
	add(DB_NAMES, "vacant", 6, "", 0);
	publish(&s);
	ck_assert_int_eq(snapshot_find_record(&s, "vacant", &record), -EUCLEAN);
	snapshot_close(&s);
}
END_TEST

/* By a leader's pid, as the databases of units and addresses have the same values. */
START_TEST(a_name_of_no_machine_is_damaged)
{
	static const struct {
		const char *value;
		size_t size;
		int expected;
	} rows[] = {
		{ "web1", 5, 0 },	   { "web1", 4, -EUCLEAN },
		{ "", 1, -EUCLEAN },	   { LONG_NAME, sizeof LONG_NAME, -EUCLEAN },
		{ "nosuch", 7, -EUCLEAN }, { "alias", 6, 0 },
		{ "we\0b", 5, -EUCLEAN },
	};
	struct machine m;
	struct snapshot s;

	add(DB_NAMES, "alias", 5, "aweb1", 6);
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t pid = htobe32(INT32_MAX - i);

		add(DB_LEADERS, &pid, sizeof pid, rows[i].value, rows[i].size);
	}
	publish(&s);
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(snapshot_find_leader(&s, INT32_MAX - i, &m), rows[i].expected);
	snapshot_close(&s);
}
END_TEST

/* Names that come after "web1". */
START_TEST(machines_by_names_that_none_can_have_are_damaged)
{
	static const struct {
		const char *key;
		size_t key_size;
		const char *value;
		size_t size;
	} rows[] = {
		{ "x" LONG_NAME, sizeof LONG_NAME, "m", 1 },
		{ "x\0y", 3, "m", 1 },
		{ "x", 1, "x", 1 },
	};
	char folded[MACHINE_NAME_SIZE] = "";
	struct value record;
	struct snapshot s;

	add(DB_NAMES, rows[_i].key, rows[_i].key_size, rows[_i].value, rows[_i].size);
	publish(&s);
	ck_assert_int_eq(snapshot_next_record(&s, folded, &record), 0);
	ck_assert_str_eq(folded, "web1");
	ck_assert_int_eq(snapshot_next_record(&s, folded, &record), -EUCLEAN);
	snapshot_close(&s);
}
END_TEST

START_TEST(names_that_are_not_in_order_are_damaged)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct value record;
	struct snapshot s;

	add(DB_NAMES, "zzz", 3, "m", 1);
	publish(&s);
	snapshot_close(&s);
	forge("zzzm", "abcm", 4);
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	ck_assert_int_eq(snapshot_next_record(&s, folded, &record), 0);
	ck_assert_int_eq(snapshot_next_record(&s, folded, &record), -EUCLEAN);
	ck_assert_str_eq(folded, "web1");
	snapshot_close(&s);
}
END_TEST

START_TEST(an_owner_of_ids_that_no_machine_can_be_is_damaged)
{
	static const struct {
		const char *name;
		size_t size;	 /* of the name, with its NUL */
		uint32_t first;	 /* with 200000 as the last */
		size_t key_size; /* of 4 bytes with the last id, and 4 more */
		int expected;
	} rows[] = {
		{ "web1", 5, 100000, 4, 0 },
		{ "web1", 5, 200001, 4, -EUCLEAN },
		{ "web1", 4, 100000, 4, -EUCLEAN },
		{ "", 1, 100000, 4, -EUCLEAN },
		{ "", 0, 100000, 4, -EUCLEAN },
		{ LONG_NAME, sizeof LONG_NAME, 100000, 4, -EUCLEAN },
		{ "web1", 5, 100000, 3, -EUCLEAN },
		{ "web1", 5, 100000, 8, -EUCLEAN },
	};
	const uint32_t key[2] = { htobe32(200000), 0 };
	uint8_t value[16 + sizeof LONG_NAME] = { 0 };
	struct id_range range;
	struct snapshot s;

	memcpy(value, &rows[_i].first, 4);
	memcpy(value + 16, rows[_i].name, rows[_i].size);
	add(DB_UIDS, key, rows[_i].key_size, value, 16 + rows[_i].size);
	publish(&s);
	ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 150000, &range), rows[_i].expected);
	if (rows[_i].expected == 0)
		ck_assert_str_eq(range.name, "web1");
	snapshot_close(&s);
}
END_TEST

/* Longer by a byte than keys of units are, and an address's that has another's size. */
START_TEST(a_key_of_another_size_is_not_found)
{
	static const uint8_t address[16] = { 10, 0, 0, 1 };
	uint8_t key[UNIT_KEY_SIZE + 1] = { 0 };
	size_t size = unit_key(key, "a.scope", 1);
	struct machine m;
	struct snapshot s;

	add(DB_UNITS, key, size + 1, "web1", 5);
	size = address_key(key, AF_INET, address, 1);
	key[size] = 0;
	add(DB_ADDRESSES, key, size + 1, "web1", 5);
	publish(&s);
	ck_assert_int_eq(snapshot_find_unit(&s, "a.scope", 0, &m), -ENOENT);
	ck_assert_int_eq(snapshot_find_address(&s, AF_INET, address, 0, &m), -ENOENT);
	snapshot_close(&s);
}
END_TEST

START_TEST(a_unit_of_a_name_that_none_can_have_is_not_found)
{
	char unit[2 * UNIT_KEY_SIZE];
	struct machine m;
	struct snapshot s;

	memset(unit, 'u', sizeof unit);
	unit[sizeof unit - 1] = '\0';
	publish(&s);
	ck_assert_int_eq(snapshot_find_unit(&s, unit, 0, &m), -ENOENT);
	unit[MACHINE_WORD_MAX] = '\0';
	ck_assert_int_eq(snapshot_find_unit(&s, unit, 0, &m), -ENOENT);
	snapshot_close(&s);
}
END_TEST

/* Machines that share an address are asked in turn, until one is alive. */
START_TEST(an_address_of_a_machine_that_lacks_it_is_damaged)
{
	static const uint8_t address[16] = { 10, 0, 0, 1 };
	uint8_t key[ADDRESS_KEY_SIZE];
	struct machine m;
	struct snapshot s;

	for (uint64_t i = 1; i <= 2; i++) {
		const size_t size = address_key(key, AF_INET, address, ((uint64_t) 1 << 63) + i);

		add(DB_ADDRESSES, key, size, "web1", 5);
	}
	kill_leader(&leader);
	publish(&s);
	ck_assert_int_eq(snapshot_find_host(&s, AF_INET, address, 0, &m), -EUCLEAN);
	snapshot_close(&s);
}
END_TEST

START_TEST(a_host_is_found_at_the_interface_that_leads_to_it)
{
	static const uint8_t local[16] = { 0xfe, 0x80, [15] = 1 }, other[16] = { 10, 0, 0, 1 };
	struct machine_address addresses[] = {
		{ .family = AF_INET6,
		  .scope = RT_SCOPE_LINK,
		  .flags = ADDRESS_ROUTED,
		  .host_interface = 7 },
		{ .family = AF_INET, .flags = ADDRESS_ROUTED, .host_interface = 7 },
	};
	struct machine m = fixture_machine("web2", &leader);
	struct snapshot s;

	memcpy(addresses[0].bytes, local, sizeof local);
	memcpy(addresses[1].bytes, other, sizeof other);
	m.addresses = addresses;
	m.n_addresses = 2;
	ck_assert_int_eq(writer_put(&writer, &m), 0);
	publish(&s);
	ck_assert_int_eq(snapshot_find_host(&s, AF_INET6, local, 0, &m), 0);
	ck_assert_int_eq(snapshot_find_host(&s, AF_INET6, local, 7, &m), 0);
	ck_assert_int_eq(snapshot_find_host(&s, AF_INET6, local, 8, &m), -ENOENT);
	/* This address leads to it by any interface. */
	ck_assert_int_eq(snapshot_find_host(&s, AF_INET, other, 8, &m), 0);
	snapshot_close(&s);
}
END_TEST

#define ADD_HERE(function) ADD_WITH(suite, function, set_up, NULL)

#define ADD_ROWS(function, count)                                                                  \
	do {                                                                                       \
		TCase *rows = tcase_create(#function);                                             \
		tcase_add_checked_fixture(rows, set_up, NULL);                                     \
		tcase_add_loop_test(rows, function, 0, count);                                     \
		suite_add_tcase(suite, rows);                                                      \
	} while (0)

Suite *snapshot_suite(void)
{
	Suite *suite = suite_create("snapshot");

	ADD_HERE(an_alias_of_no_machine_is_damaged);
	ADD_HERE(an_empty_value_is_damaged);
	ADD_HERE(a_name_of_no_machine_is_damaged);
	ADD_ROWS(machines_by_names_that_none_can_have_are_damaged, 3);
	ADD_HERE(names_that_are_not_in_order_are_damaged);
	ADD_ROWS(an_owner_of_ids_that_no_machine_can_be_is_damaged, 8);
	ADD_HERE(a_key_of_another_size_is_not_found);
	ADD_HERE(a_unit_of_a_name_that_none_can_have_is_not_found);
	ADD_HERE(an_address_of_a_machine_that_lacks_it_is_damaged);
	ADD_HERE(a_host_is_found_at_the_interface_that_leads_to_it);
	return suite;
}
