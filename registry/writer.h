/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of the registry: lock, copy, edit, check, rename. Until
 * writer_publish() has returned, readers see the old registry; then the new
 * one. Part of the writing half, which plug-ins don't link.
 *
 * The registry is copied when the first change is made, so a writer that finds
 * nothing to change costs a lock and a look.
 */
#pragma once

#include "base/array.h"
#include "registry/mapped_snapshot.h"
#include "registry/transaction.h"

struct writer {
	/* The path that a failure is about. */
	const char *blamed;

	/*
	 * For those that follow the registry: the names, in their case, of the machines that were
	 * put or removed, and the units that they are or were in; and the generation that the
	 * change began from, or 0.
	 */
	struct string_list touched_names;
	struct string_list touched_units;
	uint64_t former_generation;

	struct snapshot former;	   /* the registry as it was, if there was one */
	struct transaction change; /* of the copy; not open before the first change */
	struct registry_meta meta; /* of the registry with the change */
	uint64_t host_network;	   /* inode of this process's network namespace, or 0 */

	char *path;
	char *temporary;
	char *lock_path;
	int lock; /* has the lock, or is -1 */
	int file; /* the temporary file, or -1 */
	/* To be set after writer_prepare(): start anew if the registry can't be read or trusted. */
	bool discard_unreadable;
	int discarded; /* why the registry that is there isn't used, or 0 */

	bool changed;
	bool ids_changed;  /* which machine owns which ids */
	int broken;	   /* the error after which nothing can be published, or 0 */
	uint8_t *filter;   /* FILTER_SIZE_MAX bytes */
	uint8_t *record;   /* RECORD_ROOM_SIZE bytes, for the record that is being written */
	uint8_t *replaced; /* the same, for the record in its place */
	struct machine_address *addresses; /* MACHINE_ADDRESSES_MAX, of that record */
	bool filter_stale;
	char last_put[MACHINE_NAME_SIZE];
};

/*
 * Take the lock, waiting at most ten seconds for another writer. Makes the
 * directory, and starts an empty registry, where there is none, or one of an
 * older format version, which is then replaced. 0, or an error
 * of registry/file.h about the registry that is there, or
 * -ETIMEDOUT  another writer has the lock
 * -EXDEV      the registry has machines of another pid namespace
 * -ENOTDIR    the directory's path isn't a directory, or is a link
 * The writer is to be closed after a failure, too.
 */
int writer_open(struct writer *writer, const char *directory);

/*
 * The same in two steps: first see whether this process may write there at
 * all; then, after work that takes its time, take the lock.
 */
int writer_prepare(struct writer *writer, const char *directory);
int writer_begin(struct writer *writer);

/*
 * Look-ups in the registry with the change so far. A machine is good until the
 * next change. 0, -ENOENT, or another negative errno.
 */
int writer_find_name(struct writer *writer, const char *folded, struct machine *machine);
int writer_find_leader(struct writer *writer, uint32_t pid, struct machine *machine);

/*
 * Add the machine, or replace the one of the same name. A sequence of 0 gets
 * the next one. Which of its addresses are answered is decided here, and what
 * that changes for other machines is changed. Its name, aliases and leader must
 * not be another machine's. To put a record that is there already changes
 * nothing. 0, -EEXIST if an alias is taken, or another negative errno, after
 * which nothing can be published.
 */
int writer_put(struct writer *writer, struct machine *machine);

/* Remove the machine of this folded name. 0, -ENOENT, or as above. */
int writer_remove(struct writer *writer, const char *folded);

/*
 * Publish a registry even if nothing is put into it, if there was none: an
 * empty registry says that no machine is registered, and a missing one doesn't.
 */
void writer_start_empty(struct writer *writer);

/* Publish, if anything has changed. 0, or a negative errno, and all is as it was. */
int writer_publish(struct writer *writer);

/* Release the lock, and discard a change that wasn't published. */
void writer_close(struct writer *writer);
