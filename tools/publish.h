/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what was said and what was found to a new snapshot of the registry. */
#pragma once

#include "registry/writer.h"
#include "tools/registration.h"

enum publish_flags {
	PUBLISH_REPLACE = 1 << 0, /* the `replace` of register_machine() */
	/* Of those that are `update_only`: do nothing if nothing changes. */
	PUBLISH_IF_OUTDATED = 1 << 1,
	/* Fail, having published, if a fact or an export is worth another try. */
	PUBLISH_WHOLE = 1 << 2,
	/* Where there is no registry, make an empty one. */
	PUBLISH_EMPTY = 1 << 3,
	/* Don't say what --scope would be good for: nobody typed this. */
	PUBLISH_UNATTENDED = 1 << 4,
	/* Leave the record of one that has died to somebody else. */
	PUBLISH_LEAVE_DEAD = 1 << 5,
};

/*
 * Look at each leader, take the lock, and publish all registrations as one
 * snapshot. Returns an exit status; what went wrong has been said, and then
 * nothing is published. One that is `update_only`, whose leader has died, is
 * forgotten, and that is said; one that can't be updated stays as it is.
 */
int publish_registrations(const struct registration *registrations, size_t count,
			  unsigned int flags);

/* To look at the machine of this record again: a registration with nothing said, in the arena. */
struct registration registration_to_refresh(struct arena *arena, const struct machine *machine);

/*
 * Forget the machine of this name if it still has this leader. 0, also where
 * somebody else was quicker, or -1 after a message.
 */
int unregister_led_by(const char *name, const struct machine_leader *leader);

/* Open for a change, or say what is wrong. 0 or -1; the writer is to be closed after both. */
int open_registry_writer(struct writer *writer);

/*
 * Publish the change, and what follows it, or say what is wrong. 0; 1 if only
 * the exports, which were said, are to be tried again; or -1.
 */
int publish(struct writer *writer);
