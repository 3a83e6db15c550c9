/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that a person typed. */
#pragma once

/*
 * Make a path absolute by the working directory. The caller frees it. NULL with
 * errno on failure.
 */
char *path_make_absolute(const char *path);
