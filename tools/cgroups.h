/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups that a process is in, one in each hierarchy: cgroups(7). */
#pragma once

#include <stdint.h>

/*
 * Move the calling process to the cgroups of another one, in every hierarchy
 * that is mounted here. Those that can't be entered are said, after `subject`,
 * and left out.
 */
void cgroups_join(const char *subject, uint32_t pid);
