/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients whose registration of a name has failed. Some unregister the name at their end all the same,
 * and then it is another machine's.
 */
#pragma once

#include "registry/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#define BUS_REFUSED_MAX 64

struct bus_refused_client {
	char sender[32];	      /* which the bus gives to one connection only, ever */
	char name[MACHINE_NAME_SIZE]; /* folded; empty: this one was forgotten */
};

/* The latest ones. All zero: there are none. */
struct bus_refused {
	struct bus_refused_client clients[BUS_REFUSED_MAX];
	size_t next; /* the one that is overwritten next */
};

/* The caller begins to register the name: until it has succeeded, it counts as refused. */
void bus_refused_note(struct bus_refused *refused, sd_bus_message *call, const char *name)
	__attribute__((nonnull));

/* Whether the caller counts as refused. It is forgotten then: each refusal is for one call. */
bool bus_refused_forget(struct bus_refused *refused, sd_bus_message *call, const char *name)
	__attribute__((nonnull));
