/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of checksums, as publishers put them beside their files: SHA256SUMS, FILE.sha512, DIGESTS. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/digest.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Look for the sum of a file. Lines are those of sha256sum(1), with one or two blanks or " *"
 * between sum and name, or its --tag form. Sums of other kinds are passed over; of both kinds, the
 * SHA-512 sum is taken. If `is_lone`, the list is of this file only and may be a bare sum. Returns 1
 * if there is a sum, 0 if there is none, or -1 with a failure: two sums that differ.
 */
int checksum_list_find(const char *text, size_t size, const char *name, bool is_lone,
		       struct digest *digest, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * The name of Fedora's list for this file: Fedora-VARIANT-VERSION-RELEASE-ARCHITECTURE-CHECKSUM, in
 * the arena. NULL if the file's name isn't of the form that Fedora uses.
 */
const char *checksum_list_of_fedora(struct arena *arena, const char *name) __attribute__((nonnull));
