/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Having a runtime register its machines, or glibc ask for them. A planner for
 * each of these targets says which files have to change, and how. Nothing is
 * changed before the whole plan is known.
 */
#pragma once

#include "base/failure.h"
#include "tools/setup/change.h"

#include <stdbool.h>
#include <stddef.h>

struct setup_options {
	bool remove;	       /* take out what an earlier setup has put in */
	bool strict;	       /* a machine that can't be registered must not start */
	bool annotations;      /* hooks take names from annotations and metadata */
	bool unattended;       /* nobody waits: give up early on programs that don't answer */
	const char *bundle;    /* --bundle= of an OCI container */
	const char *config;    /* --config= of an LXC container */
	const char *hooks_dir; /* --hooks-dir= of podman */
	const char *profile;   /* --profile= of LXD */
};

struct setup_target;

/*
 * What a plan leaves as it is, and why, a text each: machines that aren't registered even if all
 * changes are made, or lines that aren't removed.
 */
struct setup_gaps {
	const char **items;
	size_t count;
};

struct setup_plan {
	struct arena *arena;
	const struct setup_target *target;
	const struct setup_options *options;
	struct change *changes;
	size_t n_changes;
	const char *next_step; /* what the person still has to do then, or NULL */
	struct setup_gaps gaps;
};

/* Returns 0 with the changes added, or -1 with a failure. */
typedef int setup_planner(struct setup_plan *plan, struct failure *failure);

struct setup_target {
	const char *name; /* "podman" */
	const char *summary;
	setup_planner *make_plan;
	const char
		*programs[3]; /* the runtime is installed if one of these is; none: not a runtime */
	const char *option;   /* of bundle, config, hooks-dir and profile, the one that it takes */
	bool is_per_container;
	bool has_annotations; /* --annotations applies */
};

/* All targets, in the order of their names. */
extern const struct setup_target setup_targets[];
extern const size_t n_setup_targets;

/* Returns the target of this name, or NULL with a failure. */
const struct setup_target *setup_find_target(const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether no option is given that is another target's. Returns 0, or -1 with a failure. */
int setup_check_options(const struct setup_target *target, const struct setup_options *options,
			struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Make the plan for a target. It borrows the options, and is in the arena.
 * Returns 0, or -1 with a failure.
 */
int setup_make_plan(struct arena *arena, const struct setup_target *target,
		    const struct setup_options *options, struct setup_plan *plan,
		    struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Whether at least one change of the plan isn't made yet. */
bool setup_is_pending(const struct setup_plan *plan) __attribute__((nonnull));

/*
 * Whether setup may have changed something for this target: its runtime is
 * installed, or its files are there without it. False for targets that are
 * set up in each container.
 */
bool setup_may_have_changed(const struct setup_target *target) __attribute__((nonnull));

enum setup_state {
	SETUP_NOT_INSTALLED,
	SETUP_PER_CONTAINER, /* each container has its own configuration */
	SETUP_DONE,
	SETUP_OUTDATED, /* as setup wrote it, which works, but not as it would write it now */
	SETUP_MISSING,
	SETUP_PARTIAL, /* some machines aren't registered; the gaps say which */
	SETUP_UNKNOWN, /* the failure says why */
};

/*
 * Whether a runtime registers its machines. The gaps, in the arena, are set if it is partial, and
 * the failure if it is unknown.
 */
enum setup_state setup_look(struct arena *arena, const struct setup_target *target,
			    struct setup_gaps *gaps, struct failure *failure)
	__attribute__((nonnull));
