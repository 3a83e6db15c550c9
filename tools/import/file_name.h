/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of images from those of files. */
#pragma once

#include <limits.h>

/*
 * The last part of a path, without the endings of archives, disks and compression. It may be
 * invalid as the name of an image.
 */
void file_name_to_image_name(const char *path, char name[static NAME_MAX + 1])
	__attribute__((nonnull));
