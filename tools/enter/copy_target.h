/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The half of a copy that writes: copy_stream.h. It makes what comes at the given place, and
 * nowhere else. A file gets its name when it is complete.
 */
#pragma once

#include "tools/enter/copy_place.h"
#include "tools/enter/copy_stream.h"

struct copy_target {
	struct copy_stream *stream;
	bool keep;    /* files that exist below the first entry */
	bool replace; /* files that exist */
	/* Turns owners and modes into those that files here are to have, or NULL. */
	void (*translate)(struct copy_entry *entry, const void *argument);
	const void *argument;
	/* Gets the other half's texts for entries that it hasn't copied. If NULL, it may send none. */
	void (*report)(void *data, const char *text);
	void *report_data;
};

/*
 * Make what comes. 0 if it is complete; 1 if the other half has left something out; -1 with the
 * problem in the stream: then files that weren't complete are removed again, but not directories.
 */
int copy_target_run(struct copy_target *target, const struct copy_place *place);
