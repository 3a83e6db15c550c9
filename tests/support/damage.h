/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A registry with bytes that no writer has written, and with a seal nevertheless: bad memory, a bad
 * writer. The same damages each time, whatever the machine.
 */
#pragma once

#include "registry/record.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Enough for branch pages; every tenth has a record of overflow pages. */
#define DAMAGE_MACHINES 120

struct damage {
	int file;
	size_t size;
	uint8_t *good, *changed; /* `size` bytes each */
	struct timespec times[2];
};

/*
 * Publish machines m0, m1, ...: number N with addresses 10.9.N.0 and 10.9.N.1 at least, and with
 * 1000 ids from 1000000 + N * 1000.
 */
void damage_publish_machines(const char *directory, const struct machine_leader *leader);

/* Read the good registry. */
void damage_begin(struct damage *damage, const char *path);

/* Write the damage that follows `state` in the place of the one before, in the same file. */
void damage_write(struct damage *damage, uint64_t *state);

void damage_done(struct damage *damage);
