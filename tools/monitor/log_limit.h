/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a log short: a line of one kind is written once a minute, and the others
 * are counted. Lines are of one kind if they begin with the same subject, up to
 * the first colon, and differ in nothing but numbers behind it. Of more kinds in a
 * minute than are remembered, all lines are counted. Pure: the time is an argument,
 * in milliseconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LIMIT_MILLISECONDS 60000

/*
 * So many kinds are remembered; a new one takes the place of the oldest after a minute. A host may lose
 * hundreds of machines at once, each with a line of its own.
 */
#define LOG_LIMIT_KINDS 1024

struct log_kind {
	char *key; /* or NULL */
	uint64_t written;
	size_t left_out; /* since then */
};

/* All zero: nothing was written yet. */
struct log_limit {
	struct log_kind kinds[LOG_LIMIT_KINDS];
	size_t n_others;     /* lines of further kinds that were left out, and not told of */
	uint64_t told_after; /* when these may be told of */
};

/*
 * Whether to write this line. If so, `left_out` becomes how many of its kind were
 * left out since the last one. If not, it is counted.
 */
bool log_limit_admits(struct log_limit *limit, const char *line, uint64_t now, size_t *left_out);

/* How many lines of further kinds were left out, if that is to be told of now; 0 if not. */
size_t log_limit_tell_others(struct log_limit *limit, uint64_t now);

void log_limit_done(struct log_limit *limit);
