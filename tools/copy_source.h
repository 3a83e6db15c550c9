/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The half of a copy that reads: copy_stream.h. */
#pragma once

#include "tools/copy_place.h"
#include "tools/copy_stream.h"

struct copy_source {
	struct copy_stream *stream;
	/* Turns owners into what the other half is to know, or NULL. */
	void (*translate)(struct copy_entry *entry, const void *argument);
	const void *argument;
	/* Is told what is left out, or NULL: then the other half is. */
	void (*say)(struct copy_stream *stream, const char *words, bool is_failure);
};

/* Whether there is something that can be copied. 0, or a negative errno. */
int copy_source_check(const struct copy_place *place);

/*
 * Send it all. 0 if all of it was, 1 if something is left out, which has been
 * said; or -1 with the problem in the stream.
 */
int copy_source_run(struct copy_source *source, const struct copy_place *place);
