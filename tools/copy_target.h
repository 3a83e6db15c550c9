/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The half of a copy that writes: copy_stream.h. All that comes is made in the
 * place that was named, and nowhere else; a file is under its name when it is whole.
 */
#pragma once

#include "tools/copy_place.h"
#include "tools/copy_stream.h"

struct copy_target {
	struct copy_stream *stream;
	bool replace; /* files that are there */
	/* Turns owners and modes into those that files here are to have, or NULL. */
	void (*translate)(struct copy_entry *entry, const void *argument);
	const void *argument;
	/* Is told what the other half has left out, or NULL: then it has nothing to say. */
	void (*say)(struct copy_stream *stream, const char *words, bool is_failure);
};

/*
 * Make what comes. 0 when all has come, 1 if the other half has left something out, -1
 * with the problem in the stream; what was begun is then gone, but for directories.
 */
int copy_target_run(struct copy_target *target, const struct copy_place *place);
