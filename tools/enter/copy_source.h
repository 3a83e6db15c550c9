/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The half of a copy that reads: copy_stream.h. */
#pragma once

#include "tools/enter/copy_place.h"
#include "tools/enter/copy_stream.h"

struct copy_source {
	struct copy_stream *stream;
	/* Turns owners into those that the other half is to get, or NULL. */
	void (*translate)(struct copy_entry *entry, const void *argument);
	const void *argument;
	/* Gets a text for each entry that isn't copied. If NULL, the other half gets it. */
	void (*report)(void *data, const char *text);
	void *report_data;
};

/* Whether something is there that can be copied. 0, or a negative errno: -EOPNOTSUPP for its type. */
int copy_source_check(const struct copy_place *place);

/*
 * Send all that is at the place. 0; 1 if something was left out, which has been reported;
 * or -1 with the problem in the stream.
 */
int copy_source_run(struct copy_source *source, const struct copy_place *place);
