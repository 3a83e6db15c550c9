/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients whose registration of a name has failed. Some unregister the name at their end all the same,
 * and then it is another machine's.
 */
#pragma once

#include "registry/name.h"

#include <stdbool.h>
#include <stddef.h>

#define REFUSED_MAX	    64
#define REFUSED_CLIENT_SIZE 32

struct refused_client {
	char client[REFUSED_CLIENT_SIZE]; /* a text that no two clients ever have */
	char name[MACHINE_NAME_SIZE];	  /* folded; empty: this one was forgotten */
};

/* The latest ones. All zero: there are none. */
struct refused {
	struct refused_client clients[REFUSED_MAX];
	size_t next; /* the one that is overwritten next */
};

/*
 * The client begins to register the name: until it has succeeded, it counts as refused. Nothing is kept of a
 * client that is NULL, or of a name that no machine can have.
 */
void refused_note(struct refused *refused, const char *client, const char *name)
	__attribute__((nonnull(1, 3)));

/* Whether the client counts as refused. It is forgotten then: each refusal is for one call. */
bool refused_forget(struct refused *refused, const char *client, const char *name)
	__attribute__((nonnull(1, 3)));
