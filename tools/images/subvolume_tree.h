/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subvolumes of btrfs in a subvolume. A snapshot has empty directories in their places. */
#pragma once

#include "base/failure.h"
#include "base/file_identity.h"

/*
 * Put snapshots of the subvolumes in `source` to where they belong in `copy`, a snapshot of it,
 * and of those in them. One that a mount hides stays an empty directory, and so does `left_out`.
 * 0, or -1 with a failure.
 */
int subvolume_snapshot_below(int source, int copy, struct file_identity left_out,
			     struct failure *failure) __attribute__((nonnull, warn_unused_result));
