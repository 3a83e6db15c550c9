/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subvolumes of btrfs in a subvolume. In a snapshot they are empty directories. */
#pragma once

#include "base/failure.h"
#include "base/file_identity.h"

/*
 * Make snapshots of the subvolumes in `source`, and of those in them, at their places in `copy`,
 * which is a snapshot of `source`. A subvolume under a mount, and `left_out`, stay empty
 * directories. 0, or -1 with a failure.
 */
int subvolume_snapshot_below(int source, int copy, struct file_identity left_out,
			     struct failure *failure) __attribute__((nonnull, warn_unused_result));
