/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals for machines. Each goes through a pidfd of a process that was seen
 * to be the machine's after that was opened: a pid that is used again is
 * never hit. All return 0 or a negative errno: those of leader_open() if
 * there is no machine any more.
 */
#pragma once

#include "registry/snapshot.h"

int machine_signal_leader(struct snapshot *snapshot, const struct machine *machine, int signal);

/*
 * All processes of the machine, as membership_find() knows them, and those
 * that they make meanwhile: -EAGAIN if there was no end of new ones. SIGKILL
 * leaves none, whatever they do.
 */
int machine_signal_all(struct snapshot *snapshot, const struct machine *machine, int signal);
