/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client that has sent a call. */
#pragma once

#include "registry/record.h"
#include "tools/bus/bus_service.h"

#include <sys/types.h>
#include <systemd/sd-bus.h>

/*
 * Its effective user, which the bus vouches for, and is asked once for each call. 0, or a negative errno:
 * nobody is known to ask.
 */
int bus_caller_uid(struct bus *bus, sd_bus_message *call, uid_t *uid) __attribute__((nonnull));

/* The user that it counts for: subuid_owner() of the same. */
int bus_caller_owner(struct bus *bus, sd_bus_message *call, uid_t *owner) __attribute__((nonnull));

/* Its process. 0 or a negative errno. */
int bus_caller_pid(sd_bus_message *call, pid_t *pid) __attribute__((nonnull));

/* The same, identified, so that no other process can be taken for it. */
int bus_caller_process(struct bus *bus, sd_bus_message *call, struct machine_leader *process)
	__attribute__((nonnull));

/*
 * Call a method's handler with a message that it has seen before, as if it came now: it answers, or
 * has it answered later, or fails, and then the error is the answer.
 */
void bus_call_again(sd_bus_message *call, sd_bus_message_handler_t handler, void *userdata)
	__attribute__((nonnull(1, 2)));

/* Call `gone` when it leaves the bus, until the slot is freed. 0 or a negative errno. */
int bus_watch_caller(sd_bus_message *call, sd_bus_slot **slot, sd_bus_message_handler_t gone,
		     void *data) __attribute__((nonnull(1, 2, 3)));
