/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Refreshing machines: observe those that are registered again, and publish
 * what has changed. What was given stays.
 */
#pragma once

#include "base/notices.h"
#include "tools/registrar/claims.h"
#include "tools/registrar/observation.h"
#include "tools/registrar/publish.h"

/* How it went with one machine. */
struct refresh_result {
	uint32_t microseconds; /* of the processor's time that its observation took */
	uint32_t milliseconds; /* that it took, with waiting */
	bool is_incomplete;    /* a fact couldn't be read for a reason that may pass */
	bool has_hung;	       /* observation_has_hung() */
};

struct refresh_options {
	bool only_if_changed;		/* don't take the lock if no record would change */
	bool keep_dead;			/* leave machines whose leader has died to the monitor */
	bool discard;			/* replace a registry that can't be read by an empty one */
	bool sweep;			/* remove scopes that machines have left, too */
	bool make_registry;		/* if there is no registry, publish an empty one */
	struct refresh_result *results; /* one of each machine, or NULL */
	bool is_starting; /* whoever starts the machines asks: their ids may still change */
	enum system_look system_look;
	int neighbour_wait; /* milliseconds: observations_ask_neighbours() */
	bool retries; /* the caller tries again later: changes that disturb an observation are no news */
};

/*
 * Refresh these, with one publication. A machine whose leader has died is
 * unregistered; that, and machines that can't be refreshed and so stay as they
 * are, are among the notices. Without any machine, only what follows the
 * registry is put right. 0; PUBLISHED_INCOMPLETE; or -1 with a failure, and
 * nothing is published.
 */
int refresh_machines(const struct machine_identity *machines, size_t count,
		     const struct refresh_options *options, struct notices *notices,
		     struct failure *failure) __attribute__((nonnull(3, 5), warn_unused_result));
