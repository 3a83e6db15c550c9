/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doing something to each image that a command line names. */
#pragma once

#include "tools/images/image.h"
#include "tools/verbs/command_line.h"

/* Does something to an image. 0, or -1 with a failure. */
typedef int image_action(struct arena *arena, const struct image *image, void *data,
			 struct failure *failure);

/*
 * Do it to each image of the command line, and report each failure. Behind a failure it ends under
 * the name of machinectl(1): goes_on_after_failure(). Returns an exit status.
 */
int act_on_named_images(const struct command_line *line, image_action *act, void *data)
	__attribute__((nonnull(1, 2)));
