/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for people, for those that talk to some: the tools' stderr, PAM's log. */
#pragma once

/* "it is damaged", for a negative errno of registry/file.h. */
const char *registry_error_words(int error);

/* A value as messages show it: control and non-ASCII bytes as \xNN, cut at 80 bytes. */
#define QUOTED_SIZE (80 * 4 + 4)
const char *quote(const char *text, char quoted[static QUOTED_SIZE]);
