/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "registry/writer.h"

#include "registry/filter.h"
#include "tests/support/call_filter.h"
#include "tests/support/checks.h"
#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct machine_leader someone = { 1000, 1, 0 };

/* Machine number i, with an address, a map, a unit and an alias of its own. */
static struct machine numbered(unsigned int i)
{
	static char name[16], alias[24], unit[24];
	static struct machine_address address;
	static struct idmap_extent extent;
	struct machine_leader leader = { 1000 + i, 1, 0 };
	struct machine m;

	snprintf(name, sizeof name, "m%04u", i);
	snprintf(alias, sizeof alias, "also-m%04u", i);
	snprintf(unit, sizeof unit, "m%04u.scope", i);
	address = (struct machine_address){ .family = AF_INET,
					    .flags = ADDRESS_ROUTED,
					    .bytes = { 10, 1, (uint8_t) (i >> 8), (uint8_t) i } };
	extent = (struct idmap_extent){ 0, 524288 + i * 65536, 65536 };
	m = fixture_machine(name, &leader);
	m.aliases = alias;
	m.aliases_size = strlen(alias) + 1;
	m.unit = unit;
	m.addresses = &address;
	m.n_addresses = 1;
	m.uids = m.gids = (struct idmap){ &extent, 1 };
	return m;
}

static void assert_numbered(struct snapshot *s, unsigned int i, bool exists)
{
	struct machine expected = numbered(i), m;
	const int r = exists ? 0 : -ENOENT;
	struct id_range range;

	ck_assert_int_eq(snapshot_find_name(s, expected.name, &m), r);
	ck_assert_int_eq(snapshot_find_name(s, expected.aliases, &m), r);
	ck_assert_int_eq(snapshot_find_unit(s, expected.unit, 0, &m), r);
	ck_assert_int_eq(snapshot_find_leader(s, expected.leader.pid, &m), r);
	ck_assert_int_eq(snapshot_find_address(s, AF_INET, expected.addresses->bytes, 0, &m), r);
	if (exists)
		ck_assert_str_eq(m.name, expected.name);
	ck_assert_int_eq(snapshot_find_id(s, ID_UID, expected.uids.extents->outer, &range), 0);
	ck_assert_str_eq(range.name, exists ? expected.name : "");
	ck_assert_int_eq(snapshot_find_id(s, ID_GID, expected.uids.extents->outer, &range), 0);
	ck_assert_str_eq(range.name, exists ? expected.name : "");
}

static void open_writer(struct writer *w)
{
	ck_assert_int_eq(writer_open(w, fixture_directory()), 0);
}

static void publish(struct writer *w)
{
	ck_assert_int_eq(writer_publish(w), 0);
	writer_close(w);
}

static void open_snapshot(struct snapshot *s)
{
	ck_assert_int_eq(snapshot_open(s, fixture_path()), 0);
}

START_TEST(machines_come_and_go_with_all_their_entries)
{
	struct snapshot s;
	struct writer w;
	const unsigned int count = 300;

	open_writer(&w);
	for (unsigned int i = 0; i < count; i++) {
		struct machine m = numbered(i);

		ck_assert_int_eq(writer_put(&w, &m), 0);
	}
	publish(&w);
	open_snapshot(&s);
	ck_assert_uint_eq(s.meta.machines, count);
	ck_assert_uint_eq(s.meta.names, 2 * count);
	for (unsigned int i = 0; i < count; i++)
		assert_numbered(&s, i, true);
	snapshot_close(&s);

	open_writer(&w);
	for (unsigned int i = 0; i < count; i += 2)
		ck_assert_int_eq(writer_remove(&w, numbered(i).name), 0);
	ck_assert_int_eq(writer_remove(&w, "m0000"), -ENOENT);
	ck_assert_int_eq(writer_remove(&w, "nosuch"), -ENOENT);
	ck_assert_int_eq(writer_remove(&w, "also-m0001"), -ENOENT);
	publish(&w);
	open_snapshot(&s);
	ck_assert_uint_eq(s.meta.machines, count / 2);
	for (unsigned int i = 0; i < count; i++)
		assert_numbered(&s, i, i % 2);
	snapshot_close(&s);
}
END_TEST

START_TEST(enumeration_is_by_name_and_without_aliases)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct snapshot s;
	struct machine m;
	struct writer w;

	open_writer(&w);
	for (unsigned int i = 0; i < 100; i++) {
		m = numbered(99 - i);
		ck_assert_int_eq(writer_put(&w, &m), 0);
	}
	publish(&w);
	open_snapshot(&s);
	for (unsigned int i = 0; i < 100; i++) {
		ck_assert_int_eq(snapshot_next(&s, folded, &m), 0);
		ck_assert_str_eq(m.name, numbered(i).name);
	}
	ck_assert_int_eq(snapshot_next(&s, folded, &m), -ENOENT);
	snapshot_close(&s);
}
END_TEST

START_TEST(names_that_begin_alike_are_all_enumerated)
{
	static const char *const order[] = { "a", "a-b", "a.b", "a0", "a_", "aa", "b" };
	char folded[MACHINE_NAME_SIZE] = "";
	struct snapshot s;
	struct machine m;
	struct writer w;

	open_writer(&w);
	for (unsigned int i = 0; i < 7; i++) {
		m = fixture_machine(order[i * 3 % 7], &someone);
		ck_assert_int_eq(writer_put(&w, &m), 0);
	}
	publish(&w);
	open_snapshot(&s);
	for (unsigned int i = 0; i < 7; i++) {
		ck_assert_int_eq(snapshot_next(&s, folded, &m), 0);
		ck_assert_str_eq(m.name, order[i]);
	}
	ck_assert_int_eq(snapshot_next(&s, folded, &m), -ENOENT);
	snapshot_close(&s);
}
END_TEST

START_TEST(a_change_replaces_all_entries)
{
	struct machine first = numbered(1), second = numbered(1), m;
	struct machine_leader other = { 7777, 5, 0 };
	static const struct machine_address moved = { .family = AF_INET,
						      .flags = ADDRESS_ROUTED,
						      .bytes = { 10, 9, 9, 9 } };
	const uint8_t *before = first.addresses->bytes;
	struct snapshot s;
	struct writer w;
	uint64_t sequence;

	fixture_publish(&first);
	sequence = first.sequence;
	second.sequence = sequence;
	second.leader = other;
	second.addresses = &moved;
	second.aliases = "new";
	second.aliases_size = 4;
	second.unit = NULL;
	open_writer(&w);
	ck_assert_int_eq(writer_put(&w, &second), 0);
	publish(&w);
	open_snapshot(&s);
	ck_assert_int_eq(snapshot_find_name(&s, "also-m0001", &m), -ENOENT);
	ck_assert_int_eq(snapshot_find_name(&s, "new", &m), 0);
	ck_assert_uint_eq(m.sequence, sequence);
	ck_assert_int_eq(snapshot_find_address(&s, AF_INET, before, 0, &m), -ENOENT);
	ck_assert_int_eq(snapshot_find_address(&s, AF_INET, moved.bytes, 0, &m), 0);
	ck_assert_int_eq(snapshot_find_leader(&s, 1001, &m), -ENOENT);
	ck_assert_int_eq(snapshot_find_leader(&s, 7777, &m), 0);
	ck_assert_int_eq(snapshot_find_unit(&s, "m0001.scope", 0, &m), -ENOENT);
	ck_assert_uint_eq(s.meta.names, 2);
	snapshot_close(&s);
}
END_TEST

/* As if what was written weren't what was to be. */
START_TEST(a_publication_that_reads_otherwise_does_not_count)
{
	struct registry_identity before, after;
	struct machine m = numbered(1);
	struct writer w;

	fixture_publish(&m);
	ck_assert_int_eq(registry_stat(fixture_path(), &before), 0);
	for (int i = 0; i < 2; i++) {
		m = numbered(2);
		open_writer(&w);
		ck_assert_int_eq(writer_put(&w, &m), 0);
		if (i == 0)
			w.meta.names++;
		else
			strcpy(w.last_put, "nosuch");
		ck_assert_int_eq(writer_publish(&w), -EUCLEAN);
		writer_close(&w);
		ck_assert_int_eq(registry_stat(fixture_path(), &after), 0);
		ck_assert(registry_identity_equal(&before, &after));
	}
}
END_TEST

START_TEST(a_machine_that_comes_and_goes_in_one_change_is_not_missed)
{
	struct machine m = numbered(1), other;
	struct snapshot s;
	struct writer w;

	fixture_publish(&m);
	other = numbered(2);
	open_writer(&w);
	ck_assert_int_eq(writer_put(&w, &other), 0);
	ck_assert_int_eq(writer_remove(&w, other.name), 0);
	publish(&w);
	open_snapshot(&s);
	assert_numbered(&s, 1, true);
	assert_numbered(&s, 2, false);
	snapshot_close(&s);
}
END_TEST

START_TEST(ids_have_the_name_as_it_is_spelt_now)
{
	struct machine m = numbered(1);
	struct id_range range;
	struct snapshot s;

	fixture_publish(&m);
	m.name = "M0001";
	fixture_publish(&m);
	open_snapshot(&s);
	for (enum id_kind kind = ID_UID; kind <= ID_GID; kind++) {
		ck_assert_int_eq(snapshot_find_id(&s, kind, m.uids.extents->outer, &range), 0);
		ck_assert_str_eq(range.name, "M0001");
	}
	snapshot_close(&s);
}
END_TEST

START_TEST(an_address_is_the_oldest_machines)
{
	static const struct machine_address shared = { .family = AF_INET,
						       .flags = ADDRESS_ROUTED,
						       .bytes = { 10, 9, 9, 9 } };
	static const char *const names[] = { "zebra", "mule", "ant" };
	uint64_t order = 0;
	struct machine m = { 0 };
	struct snapshot s;
	struct writer w;

	open_writer(&w);
	for (size_t i = 0; i < 3; i++) {
		struct machine_leader leader = { 1000 + (uint32_t) i, 1, 0 };
		struct machine next = fixture_machine(names[i], &leader);

		next.addresses = &shared;
		next.n_addresses = 1;
		ck_assert_int_eq(writer_put(&w, &next), 0);
	}
	publish(&w);
	open_snapshot(&s);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(snapshot_find_address(&s, AF_INET, shared.bytes, order, &m), 0);
		ck_assert_str_eq(m.name, names[i]);
		order = machine_address_order(&m, AF_INET, shared.bytes);
	}
	ck_assert_int_eq(snapshot_find_address(&s, AF_INET, shared.bytes, order, &m), -ENOENT);
	snapshot_close(&s);
}
END_TEST

/* Whether this address leads to this machine; to none if it is NULL. */
static bool leads_to(const uint8_t *bytes, const char *name)
{
	struct snapshot s;
	struct machine m;
	bool leads;
	int r;

	open_snapshot(&s);
	r = snapshot_find_address(&s, AF_INET, bytes, 0, &m);
	leads = name ? r == 0 && strcmp(m.name, name) == 0 : r == -ENOENT;
	snapshot_close(&s);
	return leads;
}

/* Of its only address: 1 if it is answered. */
static size_t count_answered(const char *folded)
{
	struct snapshot s;
	struct machine m;

	open_snapshot(&s);
	ck_assert_int_eq(snapshot_find_name(&s, folded, &m), 0);
	ck_assert_uint_eq(m.n_addresses + m.n_unanswered, 1);
	snapshot_close(&s);
	return m.n_addresses;
}

static void put_addressed(const char *name, uint32_t pid, const struct machine_address *address)
{
	struct machine_leader leader = { pid, 1, 0 };
	struct machine m = fixture_machine(name, &leader);

	m.addresses = address;
	m.n_addresses = 1;
	fixture_publish(&m);
}

static void take_out(const char *folded)
{
	struct writer w;

	open_writer(&w);
	ck_assert_int_eq(writer_remove(&w, folded), 0);
	publish(&w);
}

START_TEST(a_routed_address_is_its_machines_and_not_the_oldest_ones)
{
	static const struct machine_address claimed = { .family = AF_INET,
							.bytes = { 10, 9, 9, 9 } };
	struct machine_address address = claimed;

	put_addressed("claimant", 1001, &claimed);
	ck_assert(leads_to(claimed.bytes, NULL));
	ck_assert_uint_eq(count_answered("claimant"), 0);
	address.flags = ADDRESS_GIVEN;
	put_addressed("given", 1002, &address);
	ck_assert(leads_to(claimed.bytes, "given"));
	address.flags = ADDRESS_ROUTED;
	put_addressed("routed", 1003, &address);
	ck_assert(leads_to(claimed.bytes, "routed"));
	take_out("routed");
	ck_assert(leads_to(claimed.bytes, "given"));
}
END_TEST

START_TEST(an_address_that_another_machine_has_is_not_answered_forwards_only)
{
	struct machine_address address = { .family = AF_INET, .bytes = { 10, 9, 9, 9 } };
	static const uint8_t flags[] = { ADDRESS_FORWARD_ONLY, ADDRESS_BESIDE };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		address.flags = flags[i];
		put_addressed("first", 1001, &address);
		ck_assert_uint_eq(count_answered("first"), 1);
		ck_assert_msg(leads_to(address.bytes, NULL), "forwards only");
		address.flags = 0;
		put_addressed("claimant", 1002, &address);
		ck_assert_msg(count_answered("first") == 1, "a claim changes nothing");
		address.flags = ADDRESS_ROUTED;
		put_addressed("second", 1003, &address);
		ck_assert_uint_eq(count_answered("first"), 0);
		address.flags = flags[i];
		put_addressed("second", 1003, &address);
		ck_assert_uint_eq(count_answered("first"), 0);
		ck_assert_uint_eq(count_answered("second"), 0);
		take_out("second");
		ck_assert_uint_eq(count_answered("first"), 1);
	}
}
END_TEST

START_TEST(nothing_changed_is_nothing_published)
{
	struct machine m = numbered(1), again = numbered(1);
	struct registry_identity before, after;
	struct writer w;

	fixture_publish(&m);
	ck_assert_int_eq(registry_stat(fixture_path(), &before), 0);
	open_writer(&w);
	again.sequence = m.sequence;
	ck_assert_int_eq(writer_put(&w, &again), 0);
	publish(&w);
	ck_assert_int_eq(registry_stat(fixture_path(), &after), 0);
	ck_assert(registry_identity_equal(&before, &after));
}
END_TEST

START_TEST(generations_grow_when_the_clock_is_set_back)
{
	struct machine m = numbered(0);
	struct registry_identity first, second;
	struct writer w;

	/* As if it had been set back by an hour after the publication before. */
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	w.meta.generation = (uint64_t) (time(NULL) + 3600) * 1000000000u;
	ck_assert_int_eq(writer_put(&w, &m), 0);
	publish(&w);
	ck_assert_int_eq(registry_stat(fixture_path(), &first), 0);
	ck_assert_uint_gt(first.generation, (uint64_t) (time(NULL) + 3000) * 1000000000u);
	m.vsock_cid = 9;
	fixture_publish(&m);
	ck_assert_int_eq(registry_stat(fixture_path(), &second), 0);
	ck_assert_uint_eq(second.generation, first.generation + 1);
}
END_TEST

START_TEST(what_a_change_touches_is_told)
{
	struct machine_leader another = { 2000, 1, 0 };
	struct machine m = fixture_machine("web1", &someone);
	struct machine other = fixture_machine("db1", &another);
	struct writer w;

	m.unit = "a.scope";
	fixture_publish(&m);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_uint_eq(w.former_generation, w.meta.generation);
	/* The same again touches nothing. */
	ck_assert_int_eq(writer_put(&w, &m), 0);
	ck_assert_uint_eq(w.touched_names.count, 0);
	m.unit = "b.scope";
	ck_assert_int_eq(writer_put(&w, &m), 0);
	ck_assert_int_eq(writer_put(&w, &other), 0);
	ck_assert_int_eq(writer_remove(&w, m.name), 0);
	ck_assert_uint_eq(w.touched_names.count, 4);
	ck_assert_str_eq(w.touched_names.items[0], m.name);
	ck_assert_str_eq(w.touched_names.items[2], other.name);
	ck_assert_uint_eq(w.touched_units.count, 3);
	ck_assert_str_eq(w.touched_units.items[0], "b.scope");
	ck_assert_str_eq(w.touched_units.items[1], "a.scope");
	ck_assert_str_eq(w.touched_units.items[2], "b.scope");
	publish(&w);
}
END_TEST

START_TEST(every_publication_is_another_generation)
{
	struct registry_identity last = { 0 }, now;
	struct snapshot s;

	for (unsigned int i = 0; i < 200; i++) {
		struct machine m = numbered(i % 3);

		m.vsock_cid = i + 3;
		fixture_publish(&m);
		ck_assert_int_eq(registry_stat(fixture_path(), &now), 0);
		ck_assert_uint_gt(now.generation, last.generation);
		open_snapshot(&s);
		ck_assert_uint_eq(s.meta.generation, now.generation);
		snapshot_close(&s);
		last = now;
	}
}
END_TEST

/* Where copy_file_range(2) is answered with this error. Exits with 77 where it can't be. */
static void publish_without_range_copies(int error)
{
	struct machine m = numbered(1000);
	struct writer w;
	int r;

	if (!filter_call(SYS_copy_file_range, SECCOMP_RET_ERRNO | (uint32_t) error))
		_exit(77);
	r = writer_open(&w, fixture_directory());
	if (r == 0)
		r = writer_put(&w, &m);
	if (r == 0)
		r = writer_publish(&w);
	_exit(-r);
}

START_TEST(pages_are_copied_through_memory_where_the_kernel_copies_no_ranges)
{
	static const struct {
		int error;
		bool is_unsupported;
	} rows[] = { { ENOSYS, true }, { EXDEV, true }, { EINVAL, true }, { EOPNOTSUPP, true },
		     { EPERM, true },  { EIO, false },	{ ENOSPC, false } };
	const unsigned int count = 700;
	struct snapshot s;
	struct writer w;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int status;
		pid_t pid;

		open_writer(&w);
		for (unsigned int j = 0; j < count; j++) {
			struct machine m = numbered(j);

			ck_assert_int_eq(writer_put(&w, &m), 0);
		}
		publish(&w);
		pid = fork();
		if (pid == 0)
			publish_without_range_copies(rows[i].error);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			SKIP("no seccomp(2)");
		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), rows[i].is_unsupported ? 0 : rows[i].error);
		open_snapshot(&s);
		/* More than is copied at once. */
		ck_assert_uint_gt(s.meta.pages_size, 256 * 1024);
		for (unsigned int j = 0; j < count; j++)
			assert_numbered(&s, j, true);
		assert_numbered(&s, 1000, rows[i].is_unsupported);
		snapshot_close(&s);
		ck_assert_int_eq(unlink(fixture_path()), 0);
	}
}
END_TEST

START_TEST(an_abandoned_change_leaves_nothing)
{
	struct machine m = numbered(1), n = numbered(2);
	struct registry_identity before, after;
	struct writer w;
	char temporary[128];

	m = numbered(1);
	fixture_publish(&m);
	ck_assert_int_eq(registry_stat(fixture_path(), &before), 0);
	open_writer(&w);
	n = numbered(2);
	ck_assert_int_eq(writer_put(&w, &n), 0);
	strcpy(temporary, w.temporary);
	ck_assert_int_eq(access(temporary, F_OK), 0);
	writer_close(&w);
	ck_assert_int_eq(access(temporary, F_OK), -1);
	ck_assert_int_eq(registry_stat(fixture_path(), &after), 0);
	ck_assert(registry_identity_equal(&before, &after));
}
END_TEST

START_TEST(a_taken_alias_breaks_the_change_and_not_the_registry)
{
	struct machine m = numbered(1), n;
	struct registry_identity before, after;
	struct machine_leader leader = { 2000, 1, 0 };
	struct writer w;

	fixture_publish(&m);
	ck_assert_int_eq(registry_stat(fixture_path(), &before), 0);
	open_writer(&w);
	n = fixture_machine("other", &leader);
	n.aliases = "M0001";
	n.aliases_size = 6;
	ck_assert_int_eq(writer_put(&w, &n), -EEXIST);
	ck_assert_int_eq(writer_publish(&w), -EEXIST);
	ck_assert_int_eq(writer_remove(&w, "m0001"), -EEXIST);
	writer_close(&w);
	ck_assert_int_eq(registry_stat(fixture_path(), &after), 0);
	ck_assert(registry_identity_equal(&before, &after));
}
END_TEST

static bool filter_knows(const uint8_t *filter, const struct registry_meta *meta, const char *name)
{
	return filter_may_have(filter, meta->filter_size, name, strlen(name));
}

START_TEST(the_filter_knows_every_name)
{
	static uint8_t filter[FILTER_SIZE_MAX];
	struct registry_identity identity;
	struct registry_meta meta;
	struct writer w;
	int fd;

	/* One by one, so that it grows; with some going, so that it is made again. */
	for (unsigned int i = 0; i < 120; i++) {
		struct machine m = numbered(i);

		open_writer(&w);
		ck_assert_int_eq(writer_put(&w, &m), 0);
		if (i % 3 == 2)
			ck_assert_int_eq(writer_remove(&w, numbered(i - 2).name), 0);
		publish(&w);
	}
	fd = registry_file_open(fixture_path(), &meta, &identity);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(registry_filter_read(fd, &meta, 0, filter, meta.filter_size), 0);
	close(fd);
	ck_assert_uint_ge(filter_capacity(meta.filter_size), meta.names);
	for (unsigned int i = 0; i < 120; i++) {
		struct machine m = numbered(i);

		if (i % 3 != 0) {
			ck_assert(filter_knows(filter, &meta, m.name));
			ck_assert(filter_knows(filter, &meta, m.aliases));
		}
	}
}
END_TEST

START_TEST(a_registry_that_emptied_gets_small_again)
{
	struct snapshot s;
	struct stat st;
	struct writer w;
	off_t largest;

	open_writer(&w);
	for (unsigned int i = 0; i < 2000; i++) {
		struct machine m = numbered(i);

		ck_assert_int_eq(writer_put(&w, &m), 0);
	}
	publish(&w);
	ck_assert_int_eq(stat(fixture_path(), &st), 0);
	largest = st.st_size;
	for (unsigned int i = 0; i < 2000; i += 20) {
		open_writer(&w);
		for (unsigned int j = i; j < i + 20; j++)
			if (j != 7)
				ck_assert_int_eq(writer_remove(&w, numbered(j).name), 0);
		publish(&w);
	}
	/* The next change copies what is left. */
	for (unsigned int i = 0; i < 3; i++) {
		struct machine m = numbered(3000 + i);

		fixture_publish(&m);
	}
	ck_assert_int_eq(stat(fixture_path(), &st), 0);
	ck_assert_int_lt(st.st_size, largest / 4);
	open_snapshot(&s);
	ck_assert_uint_eq(s.meta.machines, 4);
	assert_numbered(&s, 7, true);
	assert_numbered(&s, 3002, true);
	snapshot_close(&s);
}
END_TEST

/* Publish one machine after another, and say so by a byte each, until killed. */
static void publish_on_and_on(int progress)
{
	for (unsigned int i = 0;; i++) {
		struct machine m = numbered(i % 50);
		struct writer w;

		m.vsock_cid = (uint32_t) random();
		if (writer_open(&w, fixture_directory()) < 0 || writer_put(&w, &m) < 0 ||
		    writer_publish(&w) < 0 || write(progress, "", 1) != 1)
			_exit(1);
		writer_close(&w);
	}
}

START_TEST(a_writer_killed_anywhere_loses_nothing)
{
	struct machine m = numbered(0);
	unsigned int published = 0;

	fixture_publish(&m);
	srandom(3);
	for (int round = 0; round < 60; round++) {
		struct snapshot s;
		int status, progress[2];
		char byte;
		pid_t pid;

		ck_assert_int_eq(pipe2(progress, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0)
			publish_on_and_on(progress[1]);
		close(progress[1]);
		/* It has begun, however busy the host is. */
		for (int i = 0; i <= round % 3; i++)
			ck_assert_int_eq(read(progress[0], &byte, 1), 1);
		usleep((useconds_t) (random() % 3000));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		close(progress[0]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		/* And what it leaves is in nobody's way. */
		ck_assert(WIFSIGNALED(status));
		open_snapshot(&s);
		assert_numbered(&s, 0, true);
		ck_assert_uint_ge(s.meta.machines, published);
		published = s.meta.machines;
		for (unsigned int i = 0; i < published; i++)
			assert_numbered(&s, i, true);
		snapshot_close(&s);
	}
	ck_assert_uint_gt(published, 2);
}
END_TEST

/* In a file system of its own, as small as that. */
START_TEST(a_full_disk_leaves_the_registry_as_it_was)
{
	struct registry_identity before, after;
	struct machine m = numbered(0);
	char temporary[128];
	struct snapshot s;
	struct writer w;
	int failed = 0;

	if (mount("tmpfs", fixture_directory(), "tmpfs", 0, "size=300k,mode=755") < 0)
		SKIP("no file system can be mounted");
	fixture_publish(&m);
	for (unsigned int i = 1; i < 3000 && !failed; i += 30) {
		ck_assert_int_eq(registry_stat(fixture_path(), &before), 0);
		failed = writer_open(&w, fixture_directory());
		for (unsigned int j = i; j < i + 30 && !failed; j++) {
			m = numbered(j);
			failed = writer_put(&w, &m);
		}
		if (!failed)
			failed = writer_publish(&w);
		writer_close(&w);
	}
	ck_assert_int_eq(failed, -ENOSPC);
	ck_assert_int_eq(registry_stat(fixture_path(), &after), 0);
	ck_assert(registry_identity_equal(&before, &after));
	open_snapshot(&s);
	assert_numbered(&s, 0, true);
	snapshot_close(&s);
	/* The unfinished file is removed: there is as much room as before. */
	snprintf(temporary, sizeof temporary, "%s/." REGISTRY_FILE_NAME ".new",
		 fixture_directory());
	ck_assert_int_eq(access(temporary, F_OK), -1);
	umount2(fixture_directory(), MNT_DETACH);
}
END_TEST

START_TEST(a_limit_on_file_sizes_is_an_error)
{
	const struct rlimit limit = { 20000, 20000 };
	struct machine m = numbered(0);
	struct writer w;
	int r;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = writer_open(&w, fixture_directory());
	if (r == 0)
		r = writer_put(&w, &m);
	if (r == 0)
		r = writer_publish(&w);
	ck_assert_int_eq(r, -EFBIG);
	writer_close(&w);
	ck_assert_int_eq(access(fixture_path(), F_OK), -1);
}
END_TEST

START_TEST(a_bad_directory_is_refused)
{
	char path[128], target[128];
	struct writer w;

	snprintf(path, sizeof path, "%s/lock", fixture_directory());
	ck_assert_int_eq(symlink("/etc", path), 0);
	ck_assert_int_eq(writer_open(&w, path), -ENOTDIR);
	ck_assert_str_eq(w.blamed, path);
	writer_close(&w);
	/* A lock that is a link would be made elsewhere. */
	ck_assert_int_eq(writer_open(&w, fixture_directory()), -ELOOP);
	writer_close(&w);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(chmod(fixture_directory(), 0777), 0);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), -EPERM);
	ck_assert_str_eq(w.blamed, fixture_directory());
	writer_close(&w);
	ck_assert_int_eq(chmod(fixture_directory(), 0755), 0);
	snprintf(target, sizeof target, "%s/registry.mdb/x", fixture_directory());
	ck_assert_int_eq(close(open(fixture_path(), O_CREAT | O_WRONLY, 0644)), 0);
	ck_assert_int_eq(writer_open(&w, target), -ENOTDIR);
	writer_close(&w);
}
END_TEST

START_TEST(a_damaged_registry_is_left_alone)
{
	struct stat before, after;
	struct writer w;
	int fd = open(fixture_path(), O_CREAT | O_WRONLY, 0644);

	ck_assert_int_eq(write(fd, "garbage", 7), 7);
	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), -EUCLEAN);
	ck_assert_str_eq(w.blamed, fixture_path());
	writer_close(&w);
	ck_assert_int_eq(stat(fixture_path(), &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(after.st_size, 7);
	close(fd);
}
END_TEST

START_TEST(the_directory_is_made_for_everyone_to_read)
{
	char path[128], file[160];
	struct machine m = numbered(0);
	struct stat st;
	struct writer w;

	umask(077);
	snprintf(path, sizeof path, "%s/a/b", fixture_directory());
	ck_assert_int_eq(writer_open(&w, path), 0);
	ck_assert_int_eq(writer_put(&w, &m), 0);
	publish(&w);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	snprintf(file, sizeof file, "%s/" REGISTRY_FILE_NAME, path);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(unlink(file), 0);
	snprintf(file, sizeof file, "%s/lock", path);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(rmdir(path), 0);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* Until the process has the lock file open. */
static void wait_for_lock(pid_t pid)
{
	char fds[32], link[64], target[PATH_MAX];

	snprintf(fds, sizeof fds, "/proc/%d/fd", (int) pid);
	for (;;) {
		DIR *stream = opendir(fds);
		struct dirent *entry;

		ck_assert_ptr_nonnull(stream);
		while ((entry = readdir(stream))) {
			ssize_t n;

			snprintf(link, sizeof link, "%s/%.16s", fds, entry->d_name);
			n = readlink(link, target, sizeof target - 1);
			if (n > 5 && memcmp(target + n - 5, "/lock", 5) == 0) {
				closedir(stream);
				return;
			}
		}
		closedir(stream);
		usleep(1000);
	}
}

START_TEST(a_lock_that_was_removed_excludes_nobody)
{
	char path[PATH_MAX];
	struct machine m = numbered(0);
	struct pollfd ended = { .events = POLLIN };
	int old, new, ends[2], status;
	char byte;
	pid_t pid;

	fixture_publish(&m);
	snprintf(path, sizeof path, "%s/lock", fixture_directory());
	old = open(path, O_RDWR);
	ck_assert_int_eq(flock(old, LOCK_EX), 0);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct writer w;

		/* Not the parent's lock. */
		close(old);
		close(ends[0]);
		ck_assert_int_eq(write(ends[1], "", 1), 1);
		_exit(writer_open(&w, fixture_directory()) == 0 ? 0 : 1);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	/* While it waits, everything is removed, and somebody else starts again. */
	wait_for_lock(pid);
	ck_assert_int_eq(unlink(path), 0);
	new = open(path, O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(new, LOCK_EX), 0);
	close(old);
	ended.fd = ends[0];
	ck_assert_int_eq(poll(&ended, 1, 300), 0);
	close(new);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(ends[0]);
}
END_TEST

START_TEST(writers_wait_for_each_other)
{
	const unsigned int each = 40;
	struct snapshot s;

	fixture_directory();
	for (unsigned int child = 0; child < 4; child++)
		if (fork() == 0) {
			for (unsigned int i = 0; i < each; i++) {
				struct machine m = numbered(child * each + i);
				struct writer w;

				if (writer_open(&w, fixture_directory()) < 0 ||
				    writer_put(&w, &m) < 0 || writer_publish(&w) < 0)
					_exit(1);
				writer_close(&w);
			}
			_exit(0);
		}
	for (int child = 0; child < 4; child++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	open_snapshot(&s);
	ck_assert_uint_eq(s.meta.machines, 4 * each);
	for (unsigned int i = 0; i < 4 * each; i++)
		assert_numbered(&s, i, true);
	snapshot_close(&s);
}
END_TEST

START_TEST(machines_of_another_pid_namespace_stay)
{
	struct machine m = numbered(0);
	struct registry_meta meta;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat st;
	struct writer w;
	int fd;

	fixture_publish(&m);
	fd = open(fixture_path(), O_RDWR);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(pread(fd, &meta, sizeof meta, st.st_size - 128), 128);
	meta.context.pid_namespace++;
	ck_assert_int_eq(pwrite(fd, &meta, sizeof meta, st.st_size - 128), 128);
	times[1] = st.st_mtim;
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), -EXDEV);
	writer_close(&w);
	ck_assert_int_eq(access(fixture_path(), F_OK), 0);
}
END_TEST

Suite *writer_suite(void)
{
	Suite *suite = suite_create("writer");

	ADD(suite, machines_come_and_go_with_all_their_entries);
	ADD(suite, enumeration_is_by_name_and_without_aliases);
	ADD(suite, names_that_begin_alike_are_all_enumerated);
	ADD(suite, a_change_replaces_all_entries);
	ADD(suite, a_publication_that_reads_otherwise_does_not_count);
	ADD(suite, a_machine_that_comes_and_goes_in_one_change_is_not_missed);
	ADD(suite, ids_have_the_name_as_it_is_spelt_now);
	ADD(suite, an_address_is_the_oldest_machines);
	ADD(suite, a_routed_address_is_its_machines_and_not_the_oldest_ones);
	ADD(suite, an_address_that_another_machine_has_is_not_answered_forwards_only);
	ADD(suite, nothing_changed_is_nothing_published);
	ADD(suite, every_publication_is_another_generation);
	ADD(suite, generations_grow_when_the_clock_is_set_back);
	ADD(suite, what_a_change_touches_is_told);
	ADD(suite, pages_are_copied_through_memory_where_the_kernel_copies_no_ranges);
	ADD(suite, an_abandoned_change_leaves_nothing);
	ADD(suite, a_taken_alias_breaks_the_change_and_not_the_registry);
	ADD(suite, the_filter_knows_every_name);
	ADD(suite, a_registry_that_emptied_gets_small_again);
	ADD(suite, a_writer_killed_anywhere_loses_nothing);
	ADD(suite, a_full_disk_leaves_the_registry_as_it_was);
	ADD(suite, a_limit_on_file_sizes_is_an_error);
	ADD(suite, a_bad_directory_is_refused);
	ADD(suite, a_damaged_registry_is_left_alone);
	ADD(suite, the_directory_is_made_for_everyone_to_read);
	ADD(suite, writers_wait_for_each_other);
	ADD(suite, a_lock_that_was_removed_excludes_nobody);
	ADD(suite, machines_of_another_pid_namespace_stay);
	return suite;
}
