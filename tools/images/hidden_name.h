/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of what is in the pool for a while: ".#NAME.RANDOM" of an image that is being made,
 * ".#NAME.RANDOM.old" of one that goes. RANDOM has 12 hexadecimal digits: systemd's own names of
 * this form have 16.
 */
#pragma once

#include "tools/images/image_name.h"

#include <limits.h>

enum hidden_kind {
	HIDDEN_DRAFT,
	HIDDEN_OLD,  /* an image that is being removed: its side files go, too */
	HIDDEN_LOCK, /* of an image: ".#NAME.lck" */
	HIDDEN_OTHER,
};

/* A name that nobody else has. */
void hidden_name_make(char hidden[static NAME_MAX + 1], const char *name, enum hidden_kind kind);

/* What a file of this name is. `name` becomes the image's name, but for HIDDEN_OTHER. */
enum hidden_kind hidden_name_parse(const char *hidden, char name[static NAME_MAX + 1]);
