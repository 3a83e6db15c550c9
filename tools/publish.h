/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what was said and what was found to a new snapshot of the registry. */
#pragma once

#include "registry/writer.h"
#include "tools/registration.h"

/*
 * Look at each leader, take the lock, and publish all registrations as one
 * snapshot. Returns an exit status; what went wrong has been said, and then
 * nothing is published. `replace` is that of register_machine(). One that is
 * `update_only`, whose leader has died, is forgotten, and that is said.
 */
int publish_registrations(const struct registration *registrations, size_t count, bool replace);

/* Open for a change, or say what is wrong. 0 or -1; the writer is to be closed after both. */
int open_registry_writer(struct writer *writer);

/* Publish the change, or say what is wrong. 0 or -1. */
int publish(struct writer *writer);
