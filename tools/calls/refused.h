/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients whose registration of a name has failed. Some unregister the name at their end all the same,
 * and then it is another machine's.
 */
#pragma once

#include "registry/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Clients of root's that are kept, and as many of all others; and of each other user. */
#define REFUSED_MAX	 64
#define REFUSED_USER_MAX 16

#define REFUSED_CLIENT_SIZE 32

struct refused_client {
	uid_t user;
	uint64_t number; /* greater than that of one that was noted before; 0: there is none */
	char client[REFUSED_CLIENT_SIZE]; /* a text that no two clients ever have */
	char name[MACHINE_NAME_SIZE];	  /* folded */
};

/*
 * The latest ones, root's apart: anybody may try to register machines, and nobody's tries push out those of
 * root's clients. All zero: there are none.
 */
struct refused {
	uint64_t n_noted;
	struct refused_client root[REFUSED_MAX], others[REFUSED_MAX];
};

/*
 * The client, which is this user's, begins to register the name: until it has succeeded, it counts as refused.
 * Nothing is kept of a client that is NULL, or of a name that no machine can have.
 */
void refused_note(struct refused *refused, uid_t user, const char *client, const char *name)
	__attribute__((nonnull(1, 4)));

/* Whether the client counts as refused. It is forgotten then: each refusal is for one call. */
bool refused_forget(struct refused *refused, const char *client, const char *name)
	__attribute__((nonnull(1, 3)));
