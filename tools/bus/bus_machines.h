/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All machines that live, for calls that list them. They are kept from one call to the next
 * as long as the registry is the same, with a pidfd of each leader's: one system call then
 * tells which leaders have died since. Nothing wakes this process up for that.
 */
#pragma once

#include "registry/snapshot.h"
#include "tools/bus/bus_service.h"

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

struct listed_machine {
	const char *name;
	const char *class;
	const char *service; /* or "" */
	const char *path;    /* of its object */
	struct machine_leader leader;
	int pidfd; /* of the leader, which has not been seen dead; or -1 */
};

/* Apart from its machine, so that a search touches little memory. */
struct listed_leader {
	uint32_t pid;
	struct listed_machine *machine;
};

/* All zero: nothing was read yet. */
struct bus_machines {
	bool is_current; /* they are those of the registry of this identity */
	struct registry_identity identity;
	struct pid_context context;
	struct listed_machine **machines; /* in the order of their folded names */
	size_t count;
	struct listed_leader *leaders; /* of them all, by their pids */
	int watch;		       /* an epoll(7) of the pidfds, or 0 */
	size_t n_watched, watched_max;
};

/*
 * Read bus_registry() into bus_machines(), if it is another one. 0, or the negative errno of an error
 * that is filled.
 */
int bus_machines_update(struct bus *bus, sd_bus_error *error) __attribute__((nonnull));

/*
 * The next machine that isn't known to be dead; NULL after the last. `at` is 0 for the first.
 * It is good until the next update.
 */
const struct listed_machine *bus_machines_next(struct bus_machines *list, size_t *at)
	__attribute__((nonnull));

/*
 * The machine that this process leads, if it is one of the last update and bus_registry() is still
 * the same, and its leader's pidfd tells that it lives. Otherwise NULL: the registry tells more.
 */
const struct listed_machine *bus_machine_led_by(struct bus *bus, const struct snapshot *registry,
						uint32_t pid) __attribute__((nonnull));

/*
 * Whether a machine of bus_registry() isn't known to be dead. That is quicker for a machine of the
 * last update, as its leader's pidfd is there.
 */
bool bus_machine_may_live(struct bus *bus, const struct snapshot *registry,
			  const struct machine *machine) __attribute__((nonnull));

void bus_machines_done(struct bus_machines *list) __attribute__((nonnull));
