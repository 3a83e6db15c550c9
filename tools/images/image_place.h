/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image's place: its directory, and its file's name there. */
#pragma once

#include "tools/images/image.h"

struct image_place {
	int directory;
	const char *file; /* a part of the image's path */
};

#define IMAGE_PLACE_NONE ((struct image_place){ .directory = -1 })

/* Open the place of an image. 0, or -1 with a failure. To be closed. */
int image_place_open(struct image_place *place, const struct image *image, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
void image_place_close(struct image_place *place) __attribute__((nonnull));

/*
 * An immutable directory can't be renamed. The first function clears the flag, and returns whether
 * it was set; the second one sets it again.
 */
bool image_place_make_movable(const struct image_place *place) __attribute__((nonnull));
void image_place_make_immutable(const struct image_place *place) __attribute__((nonnull));
