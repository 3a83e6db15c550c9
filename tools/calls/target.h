/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine that a call is about. */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct call_target {
	struct snapshot snapshot;
	struct machine machine; /* unless it is the host */
	bool is_host;		/* ".host" */
	const char *name;	/* its first name, good as long as the snapshot */
};

/*
 * Find a machine by a name or alias. 0, or -1 with a failure: FAILURE_NO_MACHINE if there is
 * none. To be closed in either case.
 */
int call_target_open(struct call_target *target, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The same in a registry that is open already. The target is good as long as that, and not to be closed. */
int call_target_find(struct call_target *target, const struct snapshot *registry, const char *name,
		     struct failure *failure) __attribute__((nonnull, warn_unused_result));

void call_target_close(struct call_target *target) __attribute__((nonnull));

/*
 * The first id, on the host, of a container whose users and groups are one range from 0 on; 0 of
 * the host. False where they aren't.
 */
bool call_target_uid_shift(const struct call_target *target, uint32_t *shift)
	__attribute__((nonnull));

/* Whether a container that lives has another network than the host. */
bool call_target_has_private_network(const struct call_target *target) __attribute__((nonnull));

/* Whether it is a container, which the host and VMs aren't. */
bool call_target_is_container(const struct call_target *target) __attribute__((nonnull));
