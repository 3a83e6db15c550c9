/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A name on the system bus, answered by this process as long as somebody needs it. The process leaves
 * when nothing has needed it for a while, and the bus starts another one for the next call.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct bus;
struct bus_call;

/* The parts in which the services differ. */
struct bus_service {
	/* Add its objects to the bus. A negative errno, or not negative. */
	int (*add_objects)(struct bus *bus);
	/* See a message before its handler, as a filter of sd-bus does; or NULL. */
	int (*filter)(struct bus *bus, sd_bus_message *message, sd_bus_error *error);
	/* Take the name, and release it. The first one as add_objects(). */
	int (*take_name)(struct bus *bus);
	void (*release_name)(struct bus *bus);
	/* Whether it is needed, beside calls that wait. */
	bool (*is_needed)(const struct bus *bus);
	/* Whether something has come up that nobody has told this process of; NULL: it can't. */
	bool (*has_news)(void);
	/* Go on after all, with the name; or NULL. */
	void (*go_on)(struct bus *bus);
};

struct bus {
	const struct bus_service *service;
	sd_event *event;
	sd_bus *bus;
	struct bus_call *calls; /* those that wait for polkit */
	size_t n_jobs;
	sd_bus_message *again; /* a call whose handler runs again: see bus_job.h */
	/* Of the last call whose caller's user was asked for: its sender and number, and that user. */
	char known_sender[32];
	uint64_t known_cookie;
	uid_t known_uid;
	sd_event_source *idle;
};

/* Connect to the system bus, with the objects of the service. 0, or -1 with a failure. */
int bus_open(struct bus *bus, struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Answer calls until nobody needs that any more, or a signal ends it. As above. */
int bus_run(struct bus *bus, struct failure *failure) __attribute__((nonnull, warn_unused_result));

void bus_close(struct bus *bus) __attribute__((nonnull));

/* Begin to leave if nothing needs this process any more; or don't. */
void bus_consider_idle(struct bus *bus) __attribute__((nonnull));

/* The object /org/freedesktop/LogControl1. */
extern const sd_bus_vtable bus_log_vtable[];
