/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of a private file of LMDB's pages: the only place that uses LMDB.
 * Part of the writing half. Functions return 0, -ENOENT, or another negative
 * errno; after one of the latter the transaction can only be aborted.
 *
 * A value that is read points into the pages, and is good until the next
 * change.
 */
#pragma once

#include "registry/database.h"
#include "registry/record.h"
#include "registry/value.h"

#include <lmdb.h>

struct transaction {
	MDB_env *env; /* NULL: none is open */
	MDB_txn *txn;
	MDB_dbi databases[DB_COUNT];
};

/* Begin to change the file at `path`. An empty file becomes one with empty databases. */
int transaction_begin(struct transaction *transaction, const char *path);

/* Write the change, and close the file. `pages_size` becomes the bytes of all pages. */
int transaction_commit(struct transaction *transaction, uint64_t *pages_size);

/* Forget the change. Does nothing to a transaction that isn't open. */
void transaction_abort(struct transaction *transaction);

int transaction_get(struct transaction *transaction, enum database database, struct value key,
		    struct value *value);

/* The first entry whose key isn't below `key`, which becomes that entry's. */
int transaction_seek(struct transaction *transaction, enum database database, struct value *key,
		     struct value *value);

/* Add an entry, or replace the one of the same key. */
int transaction_put(struct transaction *transaction, enum database database, struct value key,
		    struct value value);

/* Add an entry. -EEXIST if there is one of the same key. */
int transaction_add(struct transaction *transaction, enum database database, struct value key,
		    struct value value);

int transaction_delete(struct transaction *transaction, enum database database, struct value key);

/* The machine of this folded name or alias. */
int transaction_find_name(struct transaction *transaction, const char *folded,
			  struct machine *machine);

/* The machine whose name another database has as its value. -EUCLEAN if there is none. */
int transaction_find_named(struct transaction *transaction, struct value name,
			   struct machine *machine);

/* The machine that this pid leads. The start time is the caller's to compare. */
int transaction_find_leader(struct transaction *transaction, uint32_t pid, struct machine *machine);
