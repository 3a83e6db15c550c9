/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What runtimes hand over when a machine starts or stops. There is a reader
 * for each kind of hook; registering and forgetting the machine is the same
 * for all.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/registrar/registration.h"
#include "tools/run/name_candidates.h"

#include <stdbool.h>

enum hook_event {
	HOOK_NOTHING, /* an event that doesn't concern us */
	HOOK_START,
	HOOK_STOP,
};

struct hook {
	enum hook_event event;
	struct registration reg; /* of a start: all but the name and the aliases */
	struct notices *notices; /* facts of the runtime that can't be used, or NULL */
	/* Believe what images and domains say of a machine's name, aliases and class. */
	bool with_annotations;
	bool no_monitor; /* don't start it */
	struct name_candidates names;
	const char *wanted; /* the name that it should have, valid or not */
	bool has_given_name;
	const char **aliases;
	size_t n_aliases;
};

/*
 * Read what the runtime hands over: in `arguments`, which end with NULL, in the
 * environment, and on standard input. Returns 0, or -1 with a failure.
 */
typedef int hook_reader(struct hook *hook, char **arguments, struct failure *failure);

struct hook_kind {
	const char *name; /* "oci" */
	hook_reader *read;
};

/*
 * Whether we are root where the registry is. An unprivileged user's containers
 * run the same hooks, maybe as root of a user namespace; there is nothing to do.
 */
bool hook_has_registry(void);

/* Returns the kind of this name, NULL being none, or NULL with a failure. */
const struct hook_kind *hook_find_kind(const char *name, struct failure *failure)
	__attribute__((nonnull(2), warn_unused_result));

/* Add a name that root has given, NULL being none. It comes before those of the runtime. */
void hook_add_name(struct hook *hook, const char *name) __attribute__((nonnull(1)));

/*
 * Register the machine that has started, under the first of its names that is
 * free, and start the monitor unless it isn't wanted. An alias that another
 * machine has is left out. Returns 0, or -1 with a failure.
 */
int hook_register(struct hook *hook, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Forget the machine that has stopped, if its leader has died: another machine
 * may have its name by now. Returns 0, or -1 with a failure.
 */
int hook_unregister(const struct hook *hook, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
