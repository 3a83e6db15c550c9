/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading LMDB's pages, against LMDB itself: thousands of random files, all answers compared. */
#include "registry/pages_check.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 2500

static char path[128];
/* Counted, and asserted at the end: Check makes a message of each assertion. */
static size_t wrong;

static void check_equal(const char *what, bool is_equal)
{
	if (!is_equal && wrong++ < 10)
		fprintf(stderr, "# %s differs\n", what);
}

static bool equals(struct value a, const MDB_val *b)
{
	return a.size == b->mv_size && memcmp(a.bytes, b->mv_data, a.size) == 0;
}

/* Keys of few letters, so that some are met again; long ones, so that trees get deep. */
static MDB_val random_key(char bytes[static 511])
{
	size_t size = 1 + (size_t) random() % (random() % 8 == 0 ? 511 : 12);

	for (size_t i = 0; i < size; i++)
		bytes[i] = "\x01-abz\xff"[random() % 6];
	return (MDB_val){ size, bytes };
}

static size_t random_value_size(void)
{
	switch (random() % 12) {
	case 0: return 0;
	case 1: return (size_t) random() % 9000;
	case 2: return random() % 20 ? 2030 + (size_t) random() % 20 : 65537;
	default: return (size_t) random() % 300;
	}
}

static void change_at_random(MDB_txn *txn, const MDB_dbi databases[static DB_COUNT], int changes)
{
	static char bytes[65537];
	char key_bytes[511];

	for (int i = 0; i < changes; i++) {
		MDB_dbi dbi = databases[random() % DB_COUNT];
		MDB_val key = random_key(key_bytes), value = { random_value_size(), bytes };
		int r;

		memset(bytes, (int) random(), value.mv_size < 64 ? value.mv_size : 64);
		r = random() % 3 ? mdb_put(txn, dbi, &key, &value, 0)
				 : mdb_del(txn, dbi, &key, NULL);
		ck_assert(r == 0 || r == MDB_NOTFOUND);
	}
}

/* Some transactions, so that there are free pages and either meta page may be the last. */
static MDB_env *make_file(void)
{
	MDB_dbi databases[DB_COUNT];
	MDB_env *env;
	MDB_txn *txn;

	unlink(path);
	ck_assert_int_eq(mdb_env_create(&env), 0);
	mdb_env_set_maxdbs(env, DB_COUNT);
	mdb_env_set_mapsize(env, (size_t) 1 << 28);
	ck_assert_int_eq(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600), 0);
	for (long i = 1 + random() % 4; i > 0; i--) {
		ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
		for (enum database d = 0; d < DB_COUNT; d++)
			mdb_dbi_open(txn, database_name(d), MDB_CREATE, &databases[d]);
		change_at_random(txn, databases, (int) (random() % (random() % 20 ? 150 : 2500)));
		ck_assert_int_eq(mdb_txn_commit(txn), 0);
	}
	return env;
}

static void compare_walk(struct pages *p, enum database d, MDB_cursor *cursor, bool forwards)
{
	MDB_cursor_op first = forwards ? MDB_FIRST : MDB_LAST;
	MDB_val key, value;
	struct position at;
	int r = forwards ? pages_seek(p, d, (struct value){ "", 0 }, &at)
			 : pages_seek_last(p, d, &at);
	int expected = mdb_cursor_get(cursor, &key, &value, first);

	while (r == 0 && expected == 0) {
		struct value found;

		check_equal("a key", pages_key(p, &at, &found) == 0 && equals(found, &key));
		check_equal("a value", pages_value(p, &at, &found) == 0 && equals(found, &value));
		r = forwards ? pages_next(p, &at) : pages_previous(p, &at);
		expected = mdb_cursor_get(cursor, &key, &value, forwards ? MDB_NEXT : MDB_PREV);
	}
	check_equal("the end", r == -ENOENT && expected == MDB_NOTFOUND);
}

static void compare_searches(struct pages *p, enum database d, MDB_txn *txn, MDB_dbi dbi,
			     MDB_cursor *cursor)
{
	for (int i = 0; i < 20; i++) {
		char bytes[511];
		MDB_val key = random_key(bytes), value, next = key;
		struct value wanted = { key.mv_data, key.mv_size }, found;
		struct position at;
		int r = pages_get(p, d, wanted, &found), expected = mdb_get(txn, dbi, &key, &value);

		check_equal("a search",
			    r == (expected ? -ENOENT : 0) && (r < 0 || equals(found, &value)));
		r = pages_seek(p, d, wanted, &at);
		expected = mdb_cursor_get(cursor, &next, &value, MDB_SET_RANGE);
		check_equal("the key after", r == (expected ? -ENOENT : 0) &&
						     (r < 0 || (pages_key(p, &at, &found) == 0 &&
								equals(found, &next))));
	}
}

static void compare_database(struct pages *p, enum database d, MDB_txn *txn)
{
	struct page_tree tree;
	MDB_cursor *cursor;
	MDB_stat stat;
	MDB_dbi dbi;

	ck_assert_int_eq(mdb_dbi_open(txn, database_name(d), 0, &dbi), 0);
	ck_assert_int_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
	mdb_stat(txn, dbi, &stat);
	check_equal("the number of entries",
		    pages_tree(p, d, &tree) == 0 && tree.entries == stat.ms_entries &&
			    tree.pages == stat.ms_branch_pages + stat.ms_leaf_pages +
						  stat.ms_overflow_pages);
	compare_walk(p, d, cursor, true);
	compare_walk(p, d, cursor, false);
	compare_searches(p, d, txn, dbi, cursor);
	mdb_cursor_close(cursor);
}

static void compare_file(MDB_env *env, bool is_mapped)
{
	static uint8_t room[RECORD_ROOM_SIZE];
	struct pages p = { .word_size = sizeof(size_t), .room = room, .room_size = sizeof room };
	struct stat st;
	MDB_txn *txn;

	p.fd = open(path, O_RDONLY);
	ck_assert_int_eq(fstat(p.fd, &st), 0);
	p.size = (uint64_t) st.st_size;
	if (is_mapped)
		p.mapped = mmap(NULL, p.size, PROT_READ, MAP_SHARED, p.fd, 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
	for (enum database d = 0; d < DB_COUNT; d++)
		compare_database(&p, d, txn);
	mdb_txn_abort(txn);
	if (is_mapped)
		check_equal("what LMDB has left", pages_check(&p) == 0);
	if (is_mapped)
		munmap((void *) p.mapped, p.size);
	close(p.fd);
}

START_TEST(answers_are_those_of_lmdb)
{
	snprintf(path, sizeof path, "%s/pages", fixture_directory());
	srandom((unsigned int) _i + 1);
	for (int i = 0; i < FILES / 4; i++) {
		MDB_env *env = make_file();

		compare_file(env, i % 4 == 3);
		mdb_env_close(env);
	}
	unlink(path);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* A page that is its own child, and one that has another page's number in it. */
START_TEST(a_tree_with_a_circle_is_damaged)
{
	struct pages p = { .word_size = sizeof(size_t) };
	struct value found;
	struct position at;
	MDB_env *env;
	struct page_tree tree;
	uint8_t page[4096];

	snprintf(path, sizeof path, "%s/pages", fixture_directory());
	srandom(7);
	do {
		env = make_file();
		p.fd = open(path, O_RDWR);
		p.size = (uint64_t) lseek(p.fd, 0, SEEK_END);
		p.window_size = 0;
		ck_assert_int_eq(pages_tree(&p, DB_NAMES, &tree), 0);
		mdb_env_close(env);
	} while (tree.root == ROOT_EMPTY ||
		 pread(p.fd, page, sizeof page, (off_t) tree.root * p.page_size) < 4096 ||
		 page[sizeof(size_t) + 2] != 1);
	/* The first node of the root is at the first offset behind the header. */
	memcpy(page + (page[sizeof(size_t) + 8] | page[sizeof(size_t) + 9] << 8), &tree.root, 4);
	ck_assert_int_eq(pwrite(p.fd, page, sizeof page, (off_t) tree.root * p.page_size), 4096);
	p.window_size = 0;
	ck_assert_int_eq(pages_seek(&p, DB_NAMES, (struct value){ "", 0 }, &at), -EUCLEAN);
	memset(page, 0xff, sizeof(size_t));
	ck_assert_int_eq(pwrite(p.fd, page, sizeof page, (off_t) tree.root * p.page_size), 4096);
	p.window_size = 0;
	ck_assert_int_eq(pages_get(&p, DB_NAMES, (struct value){ "a", 1 }, &found), -EUCLEAN);
	close(p.fd);
	unlink(path);
}
END_TEST

START_TEST(a_large_record_needs_room_at_its_end)
{
	struct machine_leader leader = { 1000, 1, 0 };
	struct machine m = fixture_machine("web1", &leader);
	struct machine_address addresses[150] = { 0 };
	static uint8_t room[8000];
	struct snapshot s;

	for (uint8_t i = 0; i < 150; i++)
		addresses[i] = (struct machine_address){ .family = 2,
							 .flags = ADDRESS_ROUTED,
							 .bytes = { 10, 0, 0, i } };
	m.addresses = addresses;
	m.n_addresses = 150;
	fixture_publish(&m);
	ck_assert_int_eq(snapshot_open_unmapped(&s, fixture_path(), room, 6000), 0);
	ck_assert_int_eq(snapshot_find_name(&s, "web1", &m), -ERANGE);
	snapshot_close(&s);
	ck_assert_int_eq(snapshot_open_unmapped(&s, fixture_path(), room, sizeof room), 0);
	ck_assert_int_eq(snapshot_find_name(&s, "web1", &m), 0);
	ck_assert_uint_eq(m.n_addresses, 150);
	ck_assert_ptr_eq((const uint8_t *) s.record.bytes + s.record.size, room + sizeof room);
	ck_assert_uint_eq(snapshot_room_used(&s), s.record.size + 1);
	snapshot_close(&s);
}
END_TEST

Suite *pages_suite(void)
{
	Suite *suite = suite_create("pages");
	TCase *tests = tcase_create("answers_are_those_of_lmdb");

	tcase_set_timeout(tests, 240);
	tcase_add_loop_test(tests, answers_are_those_of_lmdb, 0, 4);
	suite_add_tcase(suite, tests);
	ADD(suite, a_tree_with_a_circle_is_damaged);
	ADD(suite, a_large_record_needs_room_at_its_end);
	return suite;
}
