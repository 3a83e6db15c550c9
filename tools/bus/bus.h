/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.freedesktop.machine1 on the system bus: an edge over the registry, as the
 * verbs are. The process holds no state that the registry hasn't, but the calls
 * that wait. What may take time happens in children: bus_job.h.
 */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"
#include "tools/bus/bus_service.h"

#include <stdbool.h>
#include <systemd/sd-bus.h>

#define BUS_NAME	      "org.freedesktop.machine1"
#define BUS_MANAGER_PATH      "/org/freedesktop/machine1"
#define BUS_MACHINE_PATH      "/org/freedesktop/machine1/machine"
#define BUS_IMAGE_PATH	      "/org/freedesktop/machine1/image"
#define BUS_MANAGER_INTERFACE "org.freedesktop.machine1.Manager"
#define BUS_MACHINE_INTERFACE "org.freedesktop.machine1.Machine"

/* Fill an error of the bus from a failure, by the one table of names. Returns its negative errno. */
int bus_fail(sd_bus_error *error, const struct failure *failure) __attribute__((nonnull));

/* The same for this call: for that of an image's object that isn't there, it is that there is no object. */
int bus_fail_call(sd_bus_error *error, sd_bus_message *call, const struct failure *failure)
	__attribute__((nonnull));

/* The error of a machine that isn't there. Returns its negative errno. */
int bus_fail_no_machine(sd_bus_error *error, const char *name) __attribute__((nonnull));

/*
 * The registry that is there now, for one look-up or several: it is kept open from one call to the
 * next as long as it is the same. It and its machines are good until the next call of this. 0, or
 * the negative errno of an error that is filled.
 */
int bus_registry(struct bus *bus, struct snapshot **snapshot, sd_bus_error *error)
	__attribute__((nonnull));

/* The object path of a machine: the caller's to free. NULL if memory is out. */
char *bus_machine_path(const char *name) __attribute__((nonnull));

/* The machines that calls list: tools/bus/bus_machines.h. */
struct bus_machines *bus_machines(struct bus *bus) __attribute__((nonnull));

/* Clients that were refused: tools/calls/refused.h. */
struct refused *bus_refused(struct bus *bus) __attribute__((nonnull));

/* Read the registry again, and send the signals of what has changed. */
void bus_follow(struct bus *bus) __attribute__((nonnull));

/* What the getters of bus_machine_vtable's properties are given. */
struct bus_machine {
	struct machine machine;
	struct machine_leader supervisor; /* as long as it lives; else zeros */
	bool is_dead;
};

/* The Manager's and the machines' objects. */
extern const sd_bus_vtable bus_manager_vtable[];
extern const sd_bus_vtable bus_machine_vtable[];

/* For sd_bus_add_fallback_vtable() and sd_bus_add_node_enumerator(). */
int bus_machine_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		     void **found, sd_bus_error *error);
int bus_machine_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***nodes,
			  sd_bus_error *error);
