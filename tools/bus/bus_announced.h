/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which registry signals were last sent for. It is a link to that file, which never changes: the
 * process that follows one that was killed reads there what the bus was told.
 */
#pragma once

#include "registry/diff.h"

/* The machines that signals were last sent for; none if none ever were. 0 or a negative errno. */
int bus_announced_read(struct registry_copy *copy) __attribute__((nonnull, warn_unused_result));

/* Read the registry that is there now, and keep it for bus_announced_done(). 0 or a negative errno. */
int bus_announced_next(struct registry_copy *copy) __attribute__((nonnull, warn_unused_result));

/* Signals were sent for the registry that was read last. */
void bus_announced_done(void);

/*
 * Show that this process answers, until the descriptor is closed: machine1_is_answered(). 0 or a
 * negative errno: -EAGAIN if another one does.
 */
int bus_announced_lock(int *fd) __attribute__((nonnull, warn_unused_result));
