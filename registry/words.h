/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for people, for those that talk to some: the tools' stderr, PAM's log. */
#pragma once

#include "registry/name.h"

/* "it is damaged", for a negative errno of registry/file.h. */
const char *registry_error_words(int error);

/* "is an address or a number": why a machine may not have a name. */
const char *name_verdict_words(enum name_verdict verdict);
