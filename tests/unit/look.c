/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks without the registry's lock, and when they count. */
#include "tools/registrar/look.h"

#include "base/cleanup.h"
#include "tools/registrar/observation.h"

#include "tests/unit/fixture.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/file.h>

struct looking {
	struct machine_leader leader;
	struct writer *writer;
	unsigned int looks, looks_with_lock;
	bool is_current, is_needless;
};

static bool is_locked(const struct writer *w)
{
	CLEANUP_CLOSE int fd = open(w->lock_path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return flock(fd, LOCK_EX | LOCK_NB) < 0;
}

/* While a look without the lock goes on, somebody else publishes, which takes the lock. */
static int observe(void *data, uint64_t *generation, struct failure *f)
{
	struct looking *l = data;
	struct snapshot before = { 0 };
	struct machine other = fixture_machine("other", &l->leader);
	char service[] = "a";

	(void) f;
	snapshot_open(&before, fixture_path());
	*generation = before.meta.generation;
	snapshot_close(&before);
	l->looks++;
	if (is_locked(l->writer)) {
		l->looks_with_lock++;
		return 0;
	}
	service[0] = (char) ('a' + l->looks);
	other.service = service;
	fixture_publish(&other);
	return 0;
}

static bool is_current(void *data, struct snapshot *registry)
{
	struct looking *l = data;

	(void) registry;
	return l->is_current;
}

static bool is_needless(void *data, uint64_t generation)
{
	struct looking *l = data;

	(void) generation;
	return l->is_needless;
}

static int look(struct looking *l)
{
	const struct look look = { l, observe, is_current, is_needless, false };
	struct writer w = { .lock = -1, .file = -1 };
	struct failure failure;
	int r;

	l->leader = start_leader();
	l->writer = &w;
	r = look_and_lock(&look, fixture_directory(), &w, &failure);
	ck_assert_int_eq(is_locked(&w), r > 0);
	writer_close(&w);
	return r;
}

START_TEST(what_others_publish_makes_no_second_look)
{
	struct looking l = { .is_current = true };

	ck_assert_int_eq(look(&l), 1);
	ck_assert_uint_eq(l.looks, 1);
	ck_assert_uint_eq(l.looks_with_lock, 0);
}
END_TEST

START_TEST(the_lock_is_kept_for_a_look_only_after_several)
{
	struct looking l = { .is_current = false };

	ck_assert_int_eq(look(&l), 1);
	ck_assert_uint_eq(l.looks, 4);
	ck_assert_uint_eq(l.looks_with_lock, 1);
}
END_TEST

START_TEST(a_needless_look_takes_no_lock)
{
	struct looking l = { .is_needless = true };

	ck_assert_int_eq(look(&l), 0);
	ck_assert_uint_eq(l.looks, 1);
}
END_TEST

static bool is_of_record(const struct observation *o, struct arena *arena)
{
	struct snapshot s = { 0 };
	bool result;

	snapshot_open(&s, fixture_path());
	result = observation_is_of_record(o, "web1", &s, arena);
	snapshot_close(&s);
	return result;
}

START_TEST(an_observation_is_of_the_record_that_there_was)
{
	struct machine_leader leader = start_leader(), other = start_leader();
	struct machine m = fixture_machine("web1", &leader), n = fixture_machine("db1", &other);
	struct observation_request request;
	struct arena arena = { 0 };
	struct observation o = { .seen.leader = leader };
	struct snapshot s = { 0 };

	fixture_publish(&n);
	ck_assert_msg(is_of_record(&o, &arena), "there is no record, and was none");
	fixture_publish(&m);
	ck_assert_msg(!is_of_record(&o, &arena), "there is one now");
	ck_assert_int_eq(snapshot_open(&s, fixture_path()), 0);
	request = observation_request_for(&s, &arena, "web1", &leader);
	snapshot_close(&s);
	o.record = request.record;
	o.record_size = request.record_size;
	ck_assert(is_of_record(&o, &arena));
	n.service = "another";
	fixture_publish(&n);
	ck_assert_msg(is_of_record(&o, &arena), "another record has changed");
	m.unit = "another.service";
	fixture_publish(&m);
	ck_assert_msg(!is_of_record(&o, &arena), "a field has changed that isn't looked at");
	arena_done(&arena);
}
END_TEST

Suite *look_suite(void)
{
	Suite *suite = suite_create("look");

	ADD(suite, what_others_publish_makes_no_second_look);
	ADD(suite, the_lock_is_kept_for_a_look_only_after_several);
	ADD(suite, a_needless_look_takes_no_lock);
	ADD(suite, an_observation_is_of_the_record_that_there_was);
	return suite;
}
