/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties of objects that are looked up once for all of them, where sd-bus would ask a getter for each.
 * Of images and their pool, that takes a look at a disk. sd-bus would wait for it, so that a file system
 * that hangs would hold up all callers. A child looks instead.
 */
#pragma once

#include <systemd/sd-bus.h>

struct bus;

/*
 * Of the calls that come, take those that have to be kept from sd-bus: Get() and GetAll() of such
 * properties, and Introspect() of images and of the node above them. 1 if it is one, and is answered now or
 * later; 0; or the negative errno of an error. For sd_bus_add_filter().
 */
int bus_properties_filter(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
	__attribute__((nonnull));
