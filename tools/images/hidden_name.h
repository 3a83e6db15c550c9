/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of temporary files in the pool: ".#NAME.RANDOM" of an image that is being made,
 * ".#NAME.RANDOM.old" of one that is being removed. RANDOM has 12 hexadecimal digits; in systemd's
 * names of this form it has 16.
 */
#pragma once

#include "tools/images/image_name.h"

#include <limits.h>

enum hidden_kind {
	HIDDEN_DRAFT,
	HIDDEN_OLD,  /* an image that is being removed, with its side files */
	HIDDEN_LOCK, /* the lock file of an image: ".#NAME.lck" */
	HIDDEN_OTHER,
};

/* Make a name that no other file has. */
void hidden_name_make(char hidden[static NAME_MAX + 1], const char *name, enum hidden_kind kind);

/* The kind of a file with this name. `name` becomes the image's name, except for HIDDEN_OTHER. */
enum hidden_kind hidden_name_parse(const char *hidden, char name[static NAME_MAX + 1]);
