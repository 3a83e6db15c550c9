/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.freedesktop.import1 on the system bus: an edge over mymachines-import, which does each transfer in a
 * process of its own. All transfers of the host are listed, and can be cancelled; those that were
 * started here tell the bus what they do.
 */
#pragma once

#include "tools/bus/bus_service.h"
#include "tools/import/transfer_child.h"

#define IMPORT1_NAME		   "org.freedesktop.import1"
#define IMPORT1_MANAGER_PATH	   "/org/freedesktop/import1"
#define IMPORT1_MANAGER_INTERFACE  "org.freedesktop.import1.Manager"
#define IMPORT1_TRANSFER_PATH	   "/org/freedesktop/import1/transfer"
#define IMPORT1_TRANSFER_INTERFACE "org.freedesktop.import1.Transfer"

struct import1 {
	struct bus bus;			   /* first, so that it is found from there */
	struct transfer_children children; /* transfers that this process has started */
};

/* The path of a transfer's object. */
#define IMPORT1_PATH_SIZE (sizeof IMPORT1_TRANSFER_PATH + 16)
char *import1_path(unsigned int id, char path[static IMPORT1_PATH_SIZE]) __attribute__((nonnull));

/* The Manager's and the transfers' objects; their data is a struct import1. */
extern const sd_bus_vtable import1_manager_vtable[];
extern const sd_bus_vtable import1_transfer_vtable[];

/* For sd_bus_add_fallback_vtable() and sd_bus_add_node_enumerator(). */
int import1_transfer_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
			  void **found, sd_bus_error *error);
int import1_transfer_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***nodes,
			       sd_bus_error *error);
