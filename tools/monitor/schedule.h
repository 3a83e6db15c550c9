/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the monitor looks at which machine. Pure: it has no clock, times are
 * arguments, in milliseconds that never go back.
 *
 * Items are noted when something has happened to them. The schedule collects
 * the items that may be looked at, and says when the next pass over them is
 * due: at once after a quiet time, and otherwise when the burst is over. An item
 * that was expensive, or whose look has failed, rests before it counts again, and
 * keeps no other item waiting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_NEVER UINT64_MAX

/* Events that follow each other within QUIET belong to one burst, which lasts BURST at most. */
#define SCHEDULE_QUIET 8
#define SCHEDULE_BURST 40

/* After a failure: this long, then twice that, and so on up to the maximum. */
#define SCHEDULE_RETRY	   50
#define SCHEDULE_RETRY_MAX 10000

/* An item rests for so many times what it cost: it gets a fifth of a processor at most. */
#define SCHEDULE_REST 4

/* Something that is looked at again when it was noted. All zero: nothing has happened to it. */
struct schedule_item {
	size_t waits_at;      /* its place among the waiting ones, counted from 1; or 0 */
	size_t is_ready_at;   /* its place among the ready ones, counted from 1; or 0 */
	uint64_t due;	      /* if it waits: until when */
	uint64_t not_before;  /* until when it rests */
	uint64_t retry_after; /* how long it rested after its last failure, or 0 */
};

/* All zero: empty, and no pass is due. */
struct schedule {
	struct schedule_item **waiting; /* a binary heap: the first is due first */
	size_t n_waiting;
	struct schedule_item **ready; /* for the next pass, the first first; NULL where one went */
	size_t n_ready;
	size_t n_taken;	      /* of those that are ready */
	bool is_wanted;	      /* a pass is due, at `due` */
	uint64_t burst_began; /* if one is wanted */
	uint64_t due;
	uint64_t acted;	      /* when the last pass ended */
	uint64_t not_before;  /* until when passes rest */
	uint64_t retry_after; /* how long they rested after the last failure, or 0 */
};

/* Something has happened to the item. It becomes ready as soon as it has rested. */
void schedule_note(struct schedule *schedule, struct schedule_item *item, uint64_t now);

/* The item is to be looked at by this time, even if nothing happens to it. */
void schedule_note_at(struct schedule *schedule, struct schedule_item *item, uint64_t due);

/* A pass is to be made, even if no item is ready. */
void schedule_wake(struct schedule *schedule, uint64_t now);

/* When to call schedule_begin(), or SCHEDULE_NEVER. */
uint64_t schedule_due(const struct schedule *schedule);

/* Whether a pass is due now. If it is, it begins. */
bool schedule_begin(struct schedule *schedule, uint64_t now);

/*
 * The next item of the pass, or NULL after the last. Items that are not taken
 * are for the next pass.
 */
struct schedule_item *schedule_take(struct schedule *schedule);

/* The item was looked at, which took `cost`. */
void schedule_item_done(struct schedule *schedule, struct schedule_item *item, uint64_t now,
			uint64_t cost);

/* Its look has failed, and is to be tried again. */
void schedule_item_failed(struct schedule *schedule, struct schedule_item *item, uint64_t now);

/* The pass has ended, after `work` milliseconds of the processor's time. */
void schedule_done(struct schedule *schedule, uint64_t now, uint64_t work);

/* The pass has failed, for a reason that concerns all items: another is made later. */
void schedule_failed(struct schedule *schedule, uint64_t now);

/* Forget the item, which is about to go. */
void schedule_drop(struct schedule *schedule, struct schedule_item *item);

void schedule_free(struct schedule *schedule);
