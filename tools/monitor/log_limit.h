/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a log short: a line of one kind is written once a minute, and the others
 * are counted. Lines are of one kind if they begin with the same subject, up to
 * the first colon, and differ in nothing but numbers behind it. Pure: the time
 * is an argument, in milliseconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LIMIT_MILLISECONDS 60000

/* So many kinds are remembered; a new one takes the place of the one that was written first. */
#define LOG_LIMIT_KINDS 64

struct log_kind {
	char *key; /* or NULL */
	uint64_t written;
	size_t left_out; /* since then */
};

/* All zero: nothing was written yet. */
struct log_limit {
	struct log_kind kinds[LOG_LIMIT_KINDS];
};

/*
 * Whether to write this line. If so, `left_out` becomes how many of its kind were
 * left out since the last one. If not, it is counted.
 */
bool log_limit_admits(struct log_limit *limit, const char *line, uint64_t now, size_t *left_out);

void log_limit_done(struct log_limit *limit);
