/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers that may not have their own files yet. A hook runs before its container gets its
 * root directory, and an init may write its machine id when it starts. No event tells of either,
 * so for a minute after its registration a container that lacks them is checked, ever more rarely.
 */
#pragma once

#include "registry/record.h"

#include <stdint.h>

struct watched;
struct watched_machine;

/* Take from a record that has changed whether, and when, the machine is to be checked. */
void settling_begin(struct watched *watched, struct watched_machine *machine,
		    const struct machine *record);

/* Note those that are due and may have other files by now. */
void settling_check(struct watched *watched);
