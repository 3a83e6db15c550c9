/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index of ids against a model that looks at every machine: whatever
 * machines come, go and change, an id is the first registered one's.
 */
#include "registry/id_index.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_MACHINES 12
#define MODEL_EXTENTS  5

struct model_machine {
	bool exists;
	struct machine machine;
	char name[MACHINE_NAME_SIZE];
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
};

static struct model_machine model[MODEL_MACHINES];

/* A single id is lent by the host, and is nobody's. */
static bool is_lent(const struct machine *m, uint32_t id)
{
	for (size_t i = 0; i < m->uids.count; i++)
		if (m->uids.extents[i].count == 1 && m->uids.extents[i].outer == id)
			return true;
	return false;
}

/* The machine that should own this id: that with the least sequence that maps it. */
static const struct model_machine *model_owner(uint32_t id, uint32_t *inner)
{
	const struct model_machine *owner = NULL;

	if (id < IDMAP_HOST_MIN || id == UINT32_MAX)
		return NULL;
	for (size_t i = 0; i < MODEL_MACHINES; i++) {
		uint32_t found;

		if (model[i].exists && idmap_to_inner(&model[i].machine.uids, id, &found) == 0 &&
		    !is_lent(&model[i].machine, id) &&
		    (!owner || model[i].machine.sequence < owner->machine.sequence)) {
			owner = &model[i];
			*inner = found;
		}
	}
	return owner;
}

/* Wrong answers are counted, and asserted at the end: Check makes a message of each assertion. */
static size_t wrong;

static void compare_id(struct snapshot *s, uint32_t id)
{
	uint32_t inner = 0;
	const struct model_machine *owner = model_owner(id, &inner);
	struct id_range range;

	if (snapshot_find_id(s, ID_UID, id, &range) < 0 || range.first > id || range.last < id ||
	    strcmp(range.name, owner ? owner->name : "") != 0 ||
	    (owner && range.inner + (id - range.first) != inner)) {
		fprintf(stderr, "# id %u: %s, should be %s\n", id, range.name,
			owner ? owner->name : "");
		wrong++;
	}
}

/* The range of an answer is one answer from end to end. */
static void compare_range(struct snapshot *s, uint32_t id)
{
	struct id_range range;

	ck_assert_int_eq(snapshot_find_id(s, ID_UID, id, &range), 0);
	compare_id(s, range.first);
	compare_id(s, range.last);
	compare_id(s, range.first + (range.last - range.first) / 2);
}

static void put(struct writer *w, struct model_machine *m)
{
	ck_assert_int_eq(writer_put(w, &m->machine), 0);
	m->exists = true;
}

/* Extents that don't overlap, inside or outside, within a small space that ends at `end`. */
static size_t random_extents(struct idmap_extent *extents, uint32_t start, uint32_t size)
{
	size_t wanted = (size_t) random() % (MODEL_EXTENTS + 1), count = 0;

	for (int i = 0; i < 50 && count < wanted; i++) {
		struct idmap_extent e = { (uint32_t) random() % 100000,
					  start + (uint32_t) random() % size,
					  1 + (uint32_t) random() % (size / 3) };

		if (e.count - 1 > UINT32_MAX - e.outer)
			e.count = UINT32_MAX - e.outer + 1;
		extents[count] = e;
		if (idmap_check(&(struct idmap){ extents, count + 1 }) == 0)
			count++;
	}
	return count;
}

static void change_at_random(struct writer *w, uint32_t start, uint32_t size)
{
	struct model_machine *m = &model[random() % MODEL_MACHINES];
	struct machine_leader leader = { 1000 + (uint32_t) (m - model), 1, 0 };
	uint64_t sequence = m->exists && random() % 2 ? m->machine.sequence : 0;
	size_t count;

	if (m->exists && random() % 3 == 0) {
		ck_assert_int_eq(writer_remove(w, m->name), 0);
		m->exists = false;
		return;
	}
	snprintf(m->name, sizeof m->name, "m%zu", (size_t) (m - model));
	count = random_extents(m->extents, start, size);
	m->machine = fixture_machine(m->name, &leader);
	m->machine.sequence = sequence;
	m->machine.uids = (struct idmap){ m->extents, count };
	put(w, m);
}

static void compare_with_model(uint32_t start, uint32_t size, unsigned int seed)
{
	struct snapshot s = { 0 };
	struct writer w;

	memset(model, 0, sizeof model);
	srandom(seed);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	for (int round = 0; round < 1500; round++) {
		change_at_random(&w, start, size);
		fixture_publish_change(&w, &s);
		for (int i = 0; i < 40; i++)
			compare_range(&s, start + (uint32_t) random() % size);
		if (round % 100 == 0)
			for (uint32_t id = start;; id++) {
				compare_id(&s, id);
				if (id == start + size - 1)
					break;
			}
		compare_id(&s, 0);
		compare_id(&s, UINT32_MAX);
		ck_assert_uint_eq(wrong, 0);
	}
	writer_close(&w);
	snapshot_close(&s);
}

START_TEST(ids_are_the_first_machines_as_in_the_model)
{
	compare_with_model(100000, 600, 11);
}
END_TEST

START_TEST(also_where_the_hosts_own_ids_end)
{
	compare_with_model(65536 - 300, 600, 12);
}
END_TEST

START_TEST(also_where_all_ids_end)
{
	compare_with_model(UINT32_MAX - 599, 600, 13);
}
END_TEST

/* The common case of unprivileged LXC: everybody has the same map. */
START_TEST(a_shared_map_goes_from_the_oldest_to_the_next)
{
	struct snapshot s = { 0 };
	struct writer w;
	struct id_range range;

	memset(model, 0, sizeof model);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	for (size_t i = 0; i < MODEL_MACHINES; i++) {
		struct machine_leader leader = { 1000 + (uint32_t) i, 1, 0 };

		snprintf(model[i].name, sizeof model[i].name, "m%zu", i);
		model[i].extents[0] = (struct idmap_extent){ 0, 100000, 65536 };
		model[i].machine = fixture_machine(model[i].name, &leader);
		model[i].machine.uids = (struct idmap){ model[i].extents, 1 };
		put(&w, &model[i]);
	}
	for (size_t i = 0; i < MODEL_MACHINES; i++) {
		fixture_publish_change(&w, &s);
		ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 100033, &range), 0);
		ck_assert_str_eq(range.name, model[i].name);
		/* One range: it was handed on whole. */
		ck_assert_uint_eq(range.first, 100000);
		ck_assert_uint_eq(range.last, 165535);
		ck_assert_int_eq(writer_remove(&w, model[i].name), 0);
	}
	fixture_publish_change(&w, &s);
	ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 100033, &range), 0);
	ck_assert_str_eq(range.name, "");
	ck_assert_uint_eq(range.first, 0);
	ck_assert_uint_eq(range.last, UINT32_MAX);
	writer_close(&w);
	snapshot_close(&s);
}
END_TEST

START_TEST(as_many_extents_as_there_can_be)
{
	struct snapshot s = { 0 };
	struct writer w;

	memset(model, 0, sizeof model);
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	for (size_t i = 0; i < 3; i++) {
		struct machine_leader leader = { 1000 + (uint32_t) i, 1, 0 };

		/* The extents of each lie between those of the others, and overlap with the next. */
		for (uint32_t e = 0; e < IDMAP_EXTENTS_MAX; e++)
			model[i].extents[e] =
				(struct idmap_extent){ e * 10, 100000 + 30 * e + 10 * (uint32_t) i,
						       i == 1 ? 10 : 12 };
		snprintf(model[i].name, sizeof model[i].name, "m%zu", i);
		model[i].machine = fixture_machine(model[i].name, &leader);
		model[i].machine.uids = (struct idmap){ model[i].extents, IDMAP_EXTENTS_MAX };
		put(&w, &model[i]);
	}
	fixture_publish_change(&w, &s);
	for (uint32_t id = 99990; id < 100000 + 31 * IDMAP_EXTENTS_MAX; id++)
		compare_id(&s, id);
	ck_assert_int_eq(writer_remove(&w, "m0"), 0);
	model[0].exists = false;
	fixture_publish_change(&w, &s);
	for (uint32_t id = 99990; id < 100000 + 31 * IDMAP_EXTENTS_MAX; id++)
		compare_id(&s, id);
	ck_assert_uint_eq(wrong, 0);
	writer_close(&w);
	snapshot_close(&s);
}
END_TEST

START_TEST(groups_are_apart_from_users)
{
	static const struct idmap_extent uids[] = { { 0, 100000, 1000 } };
	static const struct idmap_extent gids[] = { { 0, 200000, 1000 } };
	struct machine_leader leader = { 1000, 1, 0 };
	struct machine m = fixture_machine("web1", &leader);
	struct id_range range;
	struct snapshot s = { 0 };
	struct writer w;

	m.uids = (struct idmap){ uids, 1 };
	m.gids = (struct idmap){ gids, 1 };
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_int_eq(writer_put(&w, &m), 0);
	fixture_publish_change(&w, &s);
	ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 100000, &range), 0);
	ck_assert_str_eq(range.name, "web1");
	ck_assert_int_eq(snapshot_find_id(&s, ID_GID, 100000, &range), 0);
	ck_assert_str_eq(range.name, "");
	ck_assert_int_eq(snapshot_find_id(&s, ID_GID, 200999, &range), 0);
	ck_assert_str_eq(range.name, "web1");
	ck_assert_uint_eq(range.last, 200999);
	writer_close(&w);
	snapshot_close(&s);
}
END_TEST

START_TEST(a_single_id_stays_the_hosts)
{
	static const struct idmap_extent extents[] = { { 0, 100000, 1000 },
						       { 1000, 70000, 1 },
						       { 1001, 101001, 1000 } };
	struct machine_leader leader = { 1000, 1, 0 };
	struct machine m = fixture_machine("web1", &leader);
	struct snapshot s = { 0 };
	struct id_range range;
	struct writer w;

	m.uids = (struct idmap){ extents, 3 };
	ck_assert_int_eq(writer_open(&w, fixture_directory()), 0);
	ck_assert_int_eq(writer_put(&w, &m), 0);
	fixture_publish_change(&w, &s);
	ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 70000, &range), 0);
	ck_assert_str_eq(range.name, "");
	ck_assert_int_eq(snapshot_find_id(&s, ID_UID, 101001, &range), 0);
	ck_assert_str_eq(range.name, "web1");
	ck_assert_int_eq(writer_remove(&w, "web1"), 0);
	writer_close(&w);
	snapshot_close(&s);
}
END_TEST

Suite *id_index_suite(void)
{
	Suite *suite = suite_create("id_index");

	ADD(suite, ids_are_the_first_machines_as_in_the_model);
	ADD(suite, also_where_the_hosts_own_ids_end);
	ADD(suite, also_where_all_ids_end);
	ADD(suite, a_shared_map_goes_from_the_oldest_to_the_next);
	ADD(suite, as_many_extents_as_there_can_be);
	ADD(suite, groups_are_apart_from_users);
	ADD(suite, a_single_id_stays_the_hosts);
	return suite;
}
