/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images on the bus: their objects, and methods of the Manager's and theirs. Each method is a
 * handler of one interface, or of both.
 */
#pragma once

#include "tools/bus/bus_lookup.h"

struct bus;

#define INTROSPECTABLE	    "org.freedesktop.DBus.Introspectable"
#define BUS_IMAGE_INTERFACE "org.freedesktop.machine1.Image"

BUS_HANDLER(bus_get_image);
BUS_HANDLER(bus_list_images);
BUS_HANDLER(bus_remove_image);
BUS_HANDLER(bus_rename_image);
BUS_HANDLER(bus_clone_image);
BUS_HANDLER(bus_mark_image);
BUS_HANDLER(bus_limit_image);
BUS_HANDLER(bus_limit_pool);
BUS_HANDLER(bus_clean_pool);
BUS_HANDLER(bus_get_image_hostname);
BUS_HANDLER(bus_get_image_machine_id);
BUS_HANDLER(bus_get_image_machine_info);
BUS_HANDLER(bus_get_image_os_release);

/* The objects of images, for sd_bus_add_fallback_vtable(). */
extern const sd_bus_vtable bus_image_vtable[];
int bus_image_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		   void **found, sd_bus_error *error);

/* Answer Introspect() of the node above them, which lists them. Returns as a handler does. */
int bus_image_introspect(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
	__attribute__((nonnull));

/* The same of an image, if it is one's path: a child looks whether the image is there. 0 if not. */
int bus_image_introspect_object(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
	__attribute__((nonnull));
