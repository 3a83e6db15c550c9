/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that a call is about. A method of the Manager's names it, one of
 * a machine's object is sent to its path; the rest is the same, so both
 * interfaces share their handlers.
 */
#pragma once

#include "tools/bus/bus.h"
#include "tools/calls/target.h"

/*
 * Find the machine that the call is about in bus_registry(), and read its name if it
 * is the first argument. 0, or the negative errno of an error that is filled. It is good
 * as long as that registry, which a child keeps.
 */
int bus_target_find(struct bus *bus, struct call_target *target, sd_bus_message *call,
		    sd_bus_error *error) __attribute__((nonnull));

/* The same, for a container or the host: VMs are not supported, in these words. */
int bus_target_find_system(struct bus *bus, struct call_target *target, sd_bus_message *call,
			   const char *words, sd_bus_error *error) __attribute__((nonnull));

/* The same, for a container: the host and VMs are not supported, in these words. */
int bus_target_find_container(struct bus *bus, struct call_target *target, sd_bus_message *call,
			      const char *words, sd_bus_error *error) __attribute__((nonnull));

/* The name in a machine's object path, the caller's to free. 1; 0 for another path; a negative errno. */
int bus_path_to_name(struct bus *bus, sd_bus_message *call, const char *path, char **name)
	__attribute__((nonnull(1, 3, 4)));
