/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cgroups of a process, one in each hierarchy: cgroups(7). */
#pragma once

#include "base/notices.h"

#include <stdint.h>

/*
 * Move the calling process to the cgroups of another one, in every hierarchy
 * that is mounted here. Each that can't be entered is a warning.
 */
void cgroups_join(uint32_t pid, struct notices *notices);
