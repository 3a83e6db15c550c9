/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies that sd_bus_reply_method_return() can't make by a format. */
#pragma once

#include <systemd/sd-bus.h>

/* Appends what a reply has. A negative errno where it can't. */
typedef int bus_append(sd_bus_message *reply, void *data);

/*
 * Answer the call by what is appended: elements of an array of the type `array`, or anything if that
 * is NULL. Returns as a handler does.
 */
int bus_reply(sd_bus_message *call, const char *array, bus_append *append, void *data)
	__attribute__((nonnull(1, 3)));
