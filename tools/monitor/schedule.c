/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/schedule.h"

#include "base/arena.h"
#include "base/array.h"

#include <stdlib.h>

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How long to rest after one more failure. */
static uint64_t next_retry(uint64_t retry_after)
{
	return retry_after ? earlier(retry_after * 2, SCHEDULE_RETRY_MAX) : SCHEDULE_RETRY;
}

/* Room for one more item in an array of items. */
static struct schedule_item **grow_items(struct schedule_item **items, size_t count)
{
	items = array_grow(items, count, sizeof *items);
	if (!items)
		arena_out_of_memory();
	return items;
}

static void heap_put(struct schedule *s, size_t at, struct schedule_item *item)
{
	s->waiting[at] = item;
	item->waits_at = at + 1;
}

/* Move the item from `at` towards the front, past those that are due later. */
static size_t heap_rise(struct schedule *s, size_t at, const struct schedule_item *item)
{
	for (; at > 0 && s->waiting[(at - 1) / 2]->due > item->due; at = (at - 1) / 2)
		heap_put(s, at, s->waiting[(at - 1) / 2]);
	return at;
}

/* Move the item from `at` towards the end, past those that are due earlier. */
static size_t heap_sink(struct schedule *s, size_t at, const struct schedule_item *item)
{
	for (;;) {
		size_t child = at * 2 + 1;

		if (child + 1 < s->n_waiting && s->waiting[child + 1]->due < s->waiting[child]->due)
			child++;
		if (child >= s->n_waiting || s->waiting[child]->due >= item->due)
			return at;
		heap_put(s, at, s->waiting[child]);
		at = child;
	}
}

static void stop_waiting(struct schedule *s, struct schedule_item *item)
{
	size_t at = item->waits_at - 1;
	struct schedule_item *last;

	if (!item->waits_at)
		return;
	item->waits_at = 0;
	last = s->waiting[--s->n_waiting];
	if (last != item)
		heap_put(s, heap_sink(s, heap_rise(s, at, last), last), last);
}

static void make_ready(struct schedule *s, struct schedule_item *item)
{
	stop_waiting(s, item);
	s->ready = grow_items(s->ready, s->n_ready);
	s->ready[s->n_ready++] = item;
	item->is_ready_at = s->n_ready;
}

static void stop_being_ready(struct schedule *s, struct schedule_item *item)
{
	if (item->is_ready_at)
		s->ready[item->is_ready_at - 1] = NULL;
	item->is_ready_at = 0;
}

void schedule_note_at(struct schedule *s, struct schedule_item *item, uint64_t due)
{
	due = later(due, item->not_before);
	if (item->is_ready_at || (item->waits_at && item->due <= due))
		return;
	stop_waiting(s, item);
	item->due = due;
	s->waiting = grow_items(s->waiting, s->n_waiting);
	s->n_waiting++;
	heap_put(s, heap_rise(s, s->n_waiting - 1, item), item);
}

void schedule_wake(struct schedule *s, uint64_t now)
{
	if (!s->is_wanted)
		s->burst_began = now;
	s->is_wanted = true;
	if (now > s->acted + SCHEDULE_BURST)
		s->due = now;
	else
		s->due = earlier(now + SCHEDULE_QUIET, s->burst_began + SCHEDULE_BURST);
	s->due = later(s->due, s->not_before);
}

void schedule_note(struct schedule *s, struct schedule_item *item, uint64_t now)
{
	if (item->not_before > now) {
		schedule_note_at(s, item, item->not_before);
		return;
	}
	if (!item->is_ready_at)
		make_ready(s, item);
	schedule_wake(s, now);
}

uint64_t schedule_due(const struct schedule *s)
{
	uint64_t due = s->is_wanted ? s->due : SCHEDULE_NEVER;

	if (s->n_waiting)
		due = earlier(due, later(s->waiting[0]->due, s->not_before));
	return due;
}

/* Close the gaps that taken and dropped items have left. */
static void compact_ready(struct schedule *s)
{
	size_t count = 0;

	for (size_t i = s->n_taken; i < s->n_ready; i++) {
		if (!s->ready[i])
			continue;
		s->ready[count++] = s->ready[i];
		s->ready[count - 1]->is_ready_at = count;
	}
	s->n_ready = count;
	s->n_taken = 0;
}

/* An item that has waited is as one that something has happened to just now. */
static void end_waiting(struct schedule *s, uint64_t now)
{
	while (s->n_waiting && s->waiting[0]->due <= now) {
		make_ready(s, s->waiting[0]);
		schedule_wake(s, now);
	}
}

bool schedule_begin(struct schedule *s, uint64_t now)
{
	end_waiting(s, now);
	if (!s->is_wanted || s->due > now)
		return false;
	compact_ready(s);
	s->is_wanted = false;
	return true;
}

struct schedule_item *schedule_take(struct schedule *s)
{
	while (s->n_taken < s->n_ready) {
		struct schedule_item *item = s->ready[s->n_taken++];

		if (item) {
			item->is_ready_at = 0;
			return item;
		}
	}
	return NULL;
}

/* The item rests until then. What has happened to it during the pass waits for that. */
static void let_rest(struct schedule *s, struct schedule_item *item, uint64_t until, uint64_t now)
{
	item->not_before = until;
	if (!item->is_ready_at || until <= now)
		return;
	stop_being_ready(s, item);
	schedule_note_at(s, item, until);
}

void schedule_item_done(struct schedule *s, struct schedule_item *item, uint64_t now, uint64_t cost)
{
	item->retry_after = 0;
	let_rest(s, item, now + cost * SCHEDULE_REST, now);
}

void schedule_item_failed(struct schedule *s, struct schedule_item *item, uint64_t now)
{
	item->retry_after = next_retry(item->retry_after);
	let_rest(s, item, now + item->retry_after, now);
	schedule_note(s, item, now);
}

void schedule_done(struct schedule *s, uint64_t now, uint64_t work)
{
	s->acted = now;
	s->retry_after = 0;
	s->not_before = now + earlier(work, SCHEDULE_BURST);
	compact_ready(s);
	if (s->n_ready && !s->is_wanted) {
		s->is_wanted = true;
		s->burst_began = s->due = now;
	}
	if (s->is_wanted)
		s->due = later(s->due, s->not_before);
}

void schedule_failed(struct schedule *s, uint64_t now)
{
	s->acted = now;
	s->retry_after = next_retry(s->retry_after);
	s->not_before = now + s->retry_after;
	schedule_wake(s, now);
}

void schedule_drop(struct schedule *s, struct schedule_item *item)
{
	stop_waiting(s, item);
	stop_being_ready(s, item);
}

void schedule_free(struct schedule *s)
{
	free(s->waiting);
	free(s->ready);
	*s = (struct schedule){ 0 };
}
