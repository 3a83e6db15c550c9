/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of a registry with bytes that no writer has written. LMDB, which makes the changes,
 * trusts its pages.
 */
#include "registry/page.h"
#include "registry/pages_check.h"
#include "registry/writer.h"
#include "tests/support/damage.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANGES 1000

static const struct machine_leader someone = { 1000, 1, 0 };

/* A machine beside those of the registry, with some of their ids and addresses. */
static int put_one(struct writer *w)
{
	static const struct idmap_extent ids = { 0, 1007000, 50000 };
	static const struct machine_address address = { .family = AF_INET,
							.flags = ADDRESS_BESIDE,
							.bytes = { 10, 9, 7, 1 } };
	struct machine m = fixture_machine("m8a", &someone);

	m.addresses = &address;
	m.n_addresses = 1;
	m.uids = m.gids = (struct idmap){ &ids, 1 };
	return writer_put(w, &m);
}

static int remove_some(struct writer *w)
{
	int r = 0;

	for (unsigned int i = 0; (r == 0 || r == -ENOENT) && i < DAMAGE_MACHINES; i += 7) {
		char name[16];

		snprintf(name, sizeof name, "m%u", i);
		r = writer_remove(w, name);
	}
	return r == -ENOENT ? 0 : r;
}

/* 0: there is an error, or a new registry whose machines can be read or are damaged, too. */
static int change_registry(void)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct snapshot s;
	struct machine m;
	struct writer w;
	int r;

	alarm(60);
	r = writer_open(&w, fixture_directory());
	if (r == 0)
		r = put_one(&w);
	if (r == 0)
		r = remove_some(&w);
	if (r == 0)
		r = writer_publish(&w);
	writer_close(&w);
	if (r < 0)
		return 0;
	r = snapshot_open(&s, fixture_path());
	while (r == 0)
		r = snapshot_next(&s, folded, &m);
	snapshot_close(&s);
	return r == -ENOENT || r == -EUCLEAN ? 0 : 1;
}

/* Each in a process of its own: LMDB would end the program. */
START_TEST(changing_a_sealed_registry_with_damaged_bytes_harms_nobody)
{
	uint64_t state = 1;
	struct damage damage;
	char original[128];

	snprintf(original, sizeof original, "%s/original", fixture_directory());
	damage_publish_machines(fixture_directory(), &someone);
	damage_begin(&damage, fixture_path());
	ck_assert_int_eq(rename(fixture_path(), original), 0);
	for (unsigned int n = 0; n < CHANGES; n++) {
		uint64_t before = state;
		pid_t pid;
		int status;

		damage_write(&damage, &state);
		/* A writer replaces the link, and not the file. */
		unlink(fixture_path());
		ck_assert_int_eq(link(original, fixture_path()), 0);
		pid = fork();
		if (pid == 0)
			_exit(change_registry());
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(status == 0, "change %u, from state %llu: status %d", n,
			      (unsigned long long) before, status);
	}
	damage_done(&damage);
}
END_TEST

/* Where the first page of a database is in the file; 0 if it has none. */
static size_t find_root(enum database database)
{
	struct page_tree tree;
	struct snapshot s;
	size_t at;

	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	ck_assert_int_eq(pages_check(&s.pages), 0);
	ck_assert_int_eq(pages_tree(&s.pages, database, &tree), 0);
	at = tree.root == ROOT_EMPTY ? 0 : (size_t) tree.root * s.pages.page_size;
	snapshot_close(&s);
	return at;
}

static void spoil(size_t at)
{
	struct damage damage;

	damage_begin(&damage, fixture_path());
	ck_assert_int_eq(pwrite(damage.file, "spoilt", 6, (off_t) at), 6);
	ck_assert_int_eq(futimens(damage.file, damage.times), 0);
	damage_done(&damage);
}

START_TEST(what_is_damaged_beside_the_records_is_made_anew)
{
	for (enum database database = DB_NAMES + 1; database < DB_COUNT; database++) {
		const uint8_t address[] = { 10, 9, 9, 1 };
		struct id_range range;
		struct machine m;
		struct snapshot s;
		struct writer w;
		size_t at;

		damage_publish_machines(fixture_directory(), &someone);
		at = find_root(database);
		if (at == 0)
			continue;
		spoil(at);
		ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
		ck_assert_int_eq(put_one(&w), 0);
		ck_assert_int_eq(writer_publish(&w), 0);
		writer_close(&w);
		find_root(database);
		ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
		ck_assert_uint_eq(s.meta.machines, DAMAGE_MACHINES + 1);
		ck_assert_int_eq(snapshot_find_address(&s, AF_INET, address, 0, &m), 0);
		ck_assert_str_eq(m.name, "m9");
		ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 1009033, &range), 0);
		ck_assert_str_eq(range.name, "m9");
		snapshot_close(&s);
	}
}
END_TEST

/* Where nodes with long values have the number of the first page of these, at most `most`. */
static size_t find_long_values(struct pages *p, uint64_t *places, size_t most)
{
	struct page page;
	struct node node;
	size_t count = 0;

	for (uint64_t number = 2; number < p->size / p->page_size; number++) {
		if (page_open(p, number, &page) < 0 || !page.is_leaf)
			continue;
		for (uint32_t i = 0; count < most && node_open(p, &page, i, &node) == 0; i++)
			if (node.flags & NODE_BIG)
				places[count++] = node.at;
	}
	return count;
}

/* LMDB would free them twice. */
START_TEST(pages_of_two_owners_are_damage)
{
	struct damage damage;
	struct snapshot s;
	uint64_t places[2], number;

	damage_publish_machines(fixture_directory(), &someone);
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	ck_assert_int_eq(pages_check(&s.pages), 0);
	ck_assert_uint_eq(find_long_values(&s.pages, places, 2), 2);
	damage_begin(&damage, fixture_path());
	ck_assert_int_eq(pread(damage.file, &number, sizeof number, (off_t) places[0]), 8);
	ck_assert_int_eq(pwrite(damage.file, &number, sizeof number, (off_t) places[1]), 8);
	ck_assert_int_eq(pages_check(&s.pages), -EUCLEAN);
	damage_done(&damage);
	snapshot_close(&s);
}
END_TEST

START_TEST(damaged_records_are_an_error_and_stay)
{
	struct registry_identity before, after;
	struct writer w;

	damage_publish_machines(fixture_directory(), &someone);
	spoil(find_root(DB_NAMES));
	ck_assert_int_eq(registry_stat(fixture_path(), &before), 0);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_int_eq(put_one(&w), -EUCLEAN);
	writer_close(&w);
	ck_assert_int_eq(registry_stat(fixture_path(), &after), 0);
	ck_assert(registry_identity_equal(&before, &after));
}
END_TEST

/* A key that ends in this number. */
static struct value number_key(uint8_t *bytes, size_t size, uint64_t number)
{
	number = htobe64(number);
	memcpy(bytes + size - sizeof number, &number, sizeof number);
	return (struct value){ bytes, size };
}

/* Begin a change of a good registry, in which machine m1 has an entry that it shouldn't have. */
static void begin_with_entry(struct writer *w, enum database database, struct value key)
{
	alarm(60);
	damage_publish_machines(fixture_directory(), &someone);
	ck_assert_int_eq(writer_open(w, fixture_directory()), 0);
	ck_assert_int_eq(put_one(w), 0);
	ck_assert_int_eq(transaction_put(&w->change, database, key, (struct value){ "m1", 3 }), 0);
}

/* An entry that names an earlier machine than its key says: following it is going in circles. */
START_TEST(an_index_that_leads_back_is_an_error_and_ends)
{
	uint8_t key[sizeof(uint64_t)];
	struct writer w;

	begin_with_entry(&w, DB_SHADOWED_UIDS, number_key(key, sizeof key, 5000));
	ck_assert_int_eq(writer_remove(&w, "m2"), -EUCLEAN);
	writer_close(&w);
}
END_TEST

START_TEST(the_last_possible_entry_is_the_last)
{
	uint8_t key[1 + 4 + sizeof(uint64_t)] = { 4, 10, 9, 7, 1 };
	struct writer w;

	begin_with_entry(&w, DB_HELD_ADDRESSES, number_key(key, sizeof key, UINT64_MAX));
	ck_assert_int_eq(writer_remove(&w, "m7"), 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
}
END_TEST

START_TEST(a_unit_whose_entry_leads_back_is_damaged)
{
	struct machine m = fixture_machine("m1", &someone);
	uint8_t key[UNIT_KEY_SIZE];
	struct snapshot s;
	struct writer w;

	m.unit = "m1.scope";
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_int_eq(writer_put(&w, &m), 0);
	ck_assert_int_eq(transaction_put(&w.change, DB_UNITS,
					 (struct value){ key, unit_key(key, m.unit, 5000) },
					 (struct value){ "m1", 3 }),
			 0);
	ck_assert_int_eq(writer_publish(&w), 0);
	writer_close(&w);
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	ck_assert_int_eq(snapshot_find_unit(&s, "m1.scope", 0, &m), 0);
	ck_assert_int_eq(snapshot_find_unit(&s, "m1.scope", m.sequence, &m), -EUCLEAN);
	snapshot_close(&s);
}
END_TEST

Suite *damaged_writer_suite(void)
{
	Suite *suite = suite_create("damaged_writer");
	TCase *tests = tcase_create("changing_a_sealed_registry_with_damaged_bytes_harms_nobody");

	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, changing_a_sealed_registry_with_damaged_bytes_harms_nobody);
	suite_add_tcase(suite, tests);
	ADD(suite, what_is_damaged_beside_the_records_is_made_anew);
	ADD(suite, pages_of_two_owners_are_damage);
	ADD(suite, damaged_records_are_an_error_and_stay);
	ADD(suite, an_index_that_leads_back_is_an_error_and_ends);
	ADD(suite, the_last_possible_entry_is_the_last);
	ADD(suite, a_unit_whose_entry_leads_back_is_damaged);
	return suite;
}
