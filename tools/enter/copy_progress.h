/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a copy has come, shown on a terminal in one line that is removed at the end. */
#pragma once

#include "tools/enter/copy_stream.h"

#include <stdint.h>
#include <stdio.h>

struct copy_progress {
	FILE *terminal; /* NULL: it isn't shown */
	bool is_shown;
	int64_t next_ms; /* when it is shown again: CLOCK_MONOTONIC */
	uint64_t files, bytes;
	uint64_t file_size; /* of the current file, as the other half has reported it */
	uint64_t file_done;
};

/* Begin. It is shown from half a second on, if the stream is a terminal; the stream may be NULL. */
void copy_progress_start(struct copy_progress *progress, FILE *terminal);

/* Count an entry that has passed, and show where the copy is. */
void copy_progress_count(struct copy_progress *progress, const char *path,
			 const struct copy_entry *entry);

/* Remove the line: before anything else is shown, and at the end. */
void copy_progress_clear(struct copy_progress *progress);
