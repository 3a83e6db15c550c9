/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Properties that take a look at a disk: of images and their pool. sd-bus asks a getter for a property
 * and waits, so that a file system that hangs would hold up all callers. A child looks instead.
 */
#pragma once

#include <systemd/sd-bus.h>

struct bus;

/*
 * Of the calls that come, take those that have to be kept from sd-bus: Get() and GetAll() of such
 * properties, and Introspect() of the node above the images. 1 if it is one, and is answered now or
 * later; 0; or the negative errno of an error. For sd_bus_add_filter().
 */
int bus_properties_filter(struct bus *bus, sd_bus_message *call, sd_bus_error *error)
	__attribute__((nonnull));
