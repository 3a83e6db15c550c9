/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/schedule.h"

#include "tests/unit/unit.h"

#include <stdlib.h>

/* Times begin here: long after the last pass of a schedule that is all zero. */
#define START 1000

/* Begin the pass that is due at this time, and take its items. Returns how many. */
static size_t take_pass(struct schedule *s, uint64_t now, struct schedule_item **items)
{
	size_t count = 0;

	if (!schedule_begin(s, now))
		return 0;
	for (struct schedule_item *item; (item = schedule_take(s));)
		items[count++] = item;
	return count;
}

START_TEST(an_empty_schedule_is_never_due)
{
	struct schedule s = { 0 };

	ck_assert_uint_eq(schedule_due(&s), SCHEDULE_NEVER);
	ck_assert(!schedule_begin(&s, START));
	ck_assert_ptr_null(schedule_take(&s));
}
END_TEST

START_TEST(an_event_after_a_quiet_time_is_due_at_once)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 }, *taken[1];

	schedule_note(&s, &item, START);
	ck_assert_uint_eq(schedule_due(&s), START);
	ck_assert_uint_eq(take_pass(&s, START, taken), 1);
	ck_assert_ptr_eq(taken[0], &item);
	schedule_done(&s, START, 0);
	ck_assert_uint_eq(schedule_due(&s), SCHEDULE_NEVER);
	schedule_free(&s);
}
END_TEST

START_TEST(a_burst_is_due_when_it_is_quiet_or_has_lasted_too_long)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 };
	uint64_t now = START;

	schedule_done(&s, START, 0);
	schedule_note(&s, &item, now);
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_QUIET);
	schedule_note(&s, &item, now + 5);
	ck_assert_uint_eq(schedule_due(&s), START + 5 + SCHEDULE_QUIET);
	for (; now < START + SCHEDULE_BURST; now += 5)
		schedule_note(&s, &item, now);
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_BURST);
	schedule_free(&s);
}
END_TEST

START_TEST(items_of_a_burst_are_taken_in_one_pass)
{
	enum { COUNT = 500 };
	static struct schedule_item items[COUNT];
	static struct schedule_item *taken[COUNT];
	struct schedule s = { 0 };
	size_t count;

	schedule_done(&s, START, 0);
	for (size_t i = 0; i < COUNT; i++)
		schedule_note(&s, &items[i], START + i / 100);
	count = take_pass(&s, START + 4 + SCHEDULE_QUIET, taken);
	ck_assert_uint_eq(count, COUNT);
	ck_assert_uint_eq(take_pass(&s, START + 1000, taken), 0);
	schedule_free(&s);
}
END_TEST

START_TEST(an_item_that_is_noted_during_a_pass_is_for_the_next)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 };

	schedule_note(&s, &item, START);
	ck_assert(schedule_begin(&s, START));
	ck_assert_ptr_eq(schedule_take(&s), &item);
	schedule_note(&s, &item, START + 1);
	schedule_item_done(&s, &item, START + 2, 0);
	schedule_done(&s, START + 2, 2);
	ck_assert_uint_gt(schedule_due(&s), START + 2);
	ck_assert(schedule_begin(&s, schedule_due(&s)));
	ck_assert_ptr_eq(schedule_take(&s), &item);
	schedule_free(&s);
}
END_TEST

START_TEST(an_item_that_is_noted_during_its_expensive_look_rests_first)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 };

	schedule_note(&s, &item, START);
	ck_assert(schedule_begin(&s, START));
	ck_assert_ptr_eq(schedule_take(&s), &item);
	schedule_note(&s, &item, START + 50);
	schedule_item_done(&s, &item, START + 100, 100);
	schedule_done(&s, START + 100, 0);
	ck_assert(!schedule_begin(&s, START + 99 + 100 * SCHEDULE_REST) || !schedule_take(&s));
	ck_assert(schedule_begin(&s, START + 100 + 100 * SCHEDULE_REST));
	ck_assert_ptr_eq(schedule_take(&s), &item);
	schedule_free(&s);
}
END_TEST

START_TEST(an_expensive_item_rests_and_delays_no_other)
{
	struct schedule s = { 0 };
	struct schedule_item costly = { 0 }, cheap = { 0 }, *taken[2];

	schedule_note(&s, &costly, START);
	ck_assert_uint_eq(take_pass(&s, START, taken), 1);
	schedule_item_done(&s, &costly, START + 100, 100);
	schedule_done(&s, START + 100, 0);

	schedule_note(&s, &costly, START + 101);
	ck_assert_uint_eq(schedule_due(&s), START + 100 + 100 * SCHEDULE_REST);
	schedule_note(&s, &cheap, START + 200);
	ck_assert_uint_eq(schedule_due(&s), START + 200);
	ck_assert_uint_eq(take_pass(&s, START + 200, taken), 1);
	ck_assert_ptr_eq(taken[0], &cheap);
	schedule_done(&s, START + 200, 0);
	ck_assert_uint_eq(take_pass(&s, START + 100 + 100 * SCHEDULE_REST, taken), 1);
	ck_assert_ptr_eq(taken[0], &costly);
	schedule_free(&s);
}
END_TEST

START_TEST(an_item_that_has_rested_waits_for_the_end_of_a_burst)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 };

	schedule_item_done(&s, &item, START, 1);
	schedule_done(&s, START, 0);
	schedule_note(&s, &item, START + 1);
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_REST);
	ck_assert(!schedule_begin(&s, START + SCHEDULE_REST));
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_REST + SCHEDULE_QUIET);
	ck_assert(schedule_begin(&s, START + SCHEDULE_REST + SCHEDULE_QUIET));
	ck_assert_ptr_eq(schedule_take(&s), &item);
	schedule_free(&s);
}
END_TEST

START_TEST(a_failing_item_is_tried_ever_later_and_delays_no_other)
{
	struct schedule s = { 0 };
	struct schedule_item failing = { 0 }, other = { 0 }, *taken[2];
	uint64_t now = START, rest = SCHEDULE_RETRY;

	schedule_note(&s, &failing, now);
	for (int i = 0; i < 12; i++) {
		ck_assert_uint_eq(take_pass(&s, now, taken), 1);
		schedule_item_failed(&s, &failing, now);
		schedule_done(&s, now, 0);
		ck_assert_uint_eq(schedule_due(&s), now + rest);
		now += rest;
		rest = rest * 2 < SCHEDULE_RETRY_MAX ? rest * 2 : SCHEDULE_RETRY_MAX;
	}
	ck_assert_uint_eq(rest, SCHEDULE_RETRY_MAX);
	schedule_note(&s, &other, now - 100);
	ck_assert_uint_eq(schedule_due(&s), now - 100);

	/* Once it succeeds, its next failure is its first. */
	ck_assert_uint_eq(take_pass(&s, now, taken), 2);
	schedule_item_done(&s, &failing, now, 0);
	schedule_item_failed(&s, &failing, now);
	ck_assert_uint_eq(failing.not_before, now + SCHEDULE_RETRY);
	schedule_free(&s);
}
END_TEST

START_TEST(a_failed_pass_is_made_again_ever_later)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 }, *taken[1];

	schedule_note(&s, &item, START);
	ck_assert_uint_eq(take_pass(&s, START, taken), 1);
	schedule_note(&s, &item, START);
	schedule_failed(&s, START);
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_RETRY);
	/* An event doesn't shorten the rest. */
	schedule_note(&s, &item, START + 1);
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_RETRY);
	ck_assert_uint_eq(take_pass(&s, START + SCHEDULE_RETRY, taken), 1);
	schedule_failed(&s, START + SCHEDULE_RETRY);
	ck_assert_uint_eq(schedule_due(&s), START + SCHEDULE_RETRY + 2 * SCHEDULE_RETRY);
	schedule_free(&s);
}
END_TEST

START_TEST(passes_rest_as_long_as_they_worked_but_no_longer_than_a_burst)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 };

	schedule_done(&s, START, 20);
	schedule_note(&s, &item, START + 1);
	ck_assert_uint_eq(schedule_due(&s), START + 20);
	schedule_done(&s, START + 30, 5000);
	schedule_note(&s, &item, START + 31);
	ck_assert_uint_eq(schedule_due(&s), START + 30 + SCHEDULE_BURST);
	schedule_free(&s);
}
END_TEST

START_TEST(an_item_is_looked_at_by_a_given_time_or_earlier_if_something_happens)
{
	struct schedule s = { 0 };
	struct schedule_item item = { 0 }, *taken[1];

	schedule_note_at(&s, &item, START + 1000);
	ck_assert_uint_eq(schedule_due(&s), START + 1000);
	schedule_note_at(&s, &item, START + 2000);
	ck_assert_uint_eq(schedule_due(&s), START + 1000);
	schedule_note(&s, &item, START + 500);
	ck_assert_uint_eq(take_pass(&s, START + 500, taken), 1);
	ck_assert_uint_eq(schedule_due(&s), SCHEDULE_NEVER);
	schedule_free(&s);
}
END_TEST

START_TEST(waiting_items_come_in_the_order_of_their_times)
{
	enum { COUNT = 300 };
	static struct schedule_item items[COUNT];
	struct schedule s = { 0 };
	uint64_t last = 0;
	size_t count = 0, out_of_order = 0;

	srand(1);
	for (size_t i = 0; i < COUNT; i++)
		schedule_note_at(&s, &items[i], START + (uint64_t) rand() % 10000);
	/* Some go before their time. */
	for (size_t i = 0; i < COUNT; i += 3)
		schedule_drop(&s, &items[i]);
	for (uint64_t due; (due = schedule_due(&s)) != SCHEDULE_NEVER;) {
		out_of_order += due < last || !schedule_begin(&s, due);
		for (struct schedule_item *item; (item = schedule_take(&s)); count++)
			out_of_order += item->due != due || (item - items) % 3 == 0;
		last = due;
	}
	ck_assert_uint_eq(out_of_order, 0);
	ck_assert_uint_eq(count, COUNT - COUNT / 3);
	schedule_free(&s);
}
END_TEST

START_TEST(items_that_are_not_taken_are_for_the_next_pass_and_come_first)
{
	struct schedule s = { 0 };
	struct schedule_item items[3] = { 0 }, *taken[3];

	for (size_t i = 0; i < 2; i++)
		schedule_note(&s, &items[i], START);
	ck_assert(schedule_begin(&s, START));
	ck_assert_ptr_eq(schedule_take(&s), &items[0]);
	schedule_done(&s, START + 10, 10);
	ck_assert_uint_eq(schedule_due(&s), START + 20);
	schedule_note(&s, &items[2], START + 15);
	ck_assert_uint_eq(take_pass(&s, START + 100, taken), 2);
	ck_assert_ptr_eq(taken[0], &items[1]);
	schedule_done(&s, START + 100, 0);
	ck_assert_uint_eq(schedule_due(&s), SCHEDULE_NEVER);
	schedule_free(&s);
}
END_TEST

START_TEST(a_dropped_item_is_not_taken)
{
	struct schedule s = { 0 };
	struct schedule_item items[3] = { 0 }, *taken[3];

	for (size_t i = 0; i < 3; i++)
		schedule_note(&s, &items[i], START);
	schedule_drop(&s, &items[0]);
	schedule_drop(&s, &items[0]);
	ck_assert_uint_eq(take_pass(&s, START, taken), 2);
	ck_assert(taken[0] != &items[0] && taken[1] != &items[0]);
	schedule_free(&s);
}
END_TEST

START_TEST(a_pass_can_be_wanted_without_items)
{
	struct schedule s = { 0 };

	schedule_wake(&s, START);
	ck_assert_uint_eq(schedule_due(&s), START);
	ck_assert(schedule_begin(&s, START));
	ck_assert_ptr_null(schedule_take(&s));
	schedule_done(&s, START, 0);
	ck_assert_uint_eq(schedule_due(&s), SCHEDULE_NEVER);
}
END_TEST

Suite *schedule_suite(void)
{
	Suite *suite = suite_create("schedule");

	ADD(suite, an_empty_schedule_is_never_due);
	ADD(suite, an_event_after_a_quiet_time_is_due_at_once);
	ADD(suite, a_burst_is_due_when_it_is_quiet_or_has_lasted_too_long);
	ADD(suite, items_of_a_burst_are_taken_in_one_pass);
	ADD(suite, an_item_that_is_noted_during_a_pass_is_for_the_next);
	ADD(suite, an_item_that_is_noted_during_its_expensive_look_rests_first);
	ADD(suite, an_expensive_item_rests_and_delays_no_other);
	ADD(suite, an_item_that_has_rested_waits_for_the_end_of_a_burst);
	ADD(suite, a_failing_item_is_tried_ever_later_and_delays_no_other);
	ADD(suite, a_failed_pass_is_made_again_ever_later);
	ADD(suite, passes_rest_as_long_as_they_worked_but_no_longer_than_a_burst);
	ADD(suite, an_item_is_looked_at_by_a_given_time_or_earlier_if_something_happens);
	ADD(suite, waiting_items_come_in_the_order_of_their_times);
	ADD(suite, items_that_are_not_taken_are_for_the_next_pass_and_come_first);
	ADD(suite, a_dropped_item_is_not_taken);
	ADD(suite, a_pass_can_be_wanted_without_items);
	return suite;
}
