/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of the registry: lock, copy, edit, verify, rename. Until
 * writer_publish() has returned, readers see the old snapshot; then the new
 * one. Part of the writing half, which plug-ins don't link.
 */
#pragma once

#include "registry/array.h"
#include "registry/snapshot.h"

struct writer {
	/* The private copy, in a write transaction: what snapshot_find_*() sees is the change so far. */
	struct snapshot copy;

	/* Of a failure: the path that it is about. */
	const char *blamed;

	/*
	 * What the change is of, for whatever follows the registry: the names of machines that
	 * were put or removed, in their case, and the units that they are or were in. And the
	 * generation that it began from, or 0.
	 */
	struct string_list touched_names;
	struct string_list touched_units;
	uint64_t former_generation;

	char *path;
	char *temporary;
	char *lock_path;
	int lock; /* holds the lock, or -1 */
	int file; /* the temporary file, or -1 */
	bool changed;
	int broken;	 /* the error after which the copy is good for nothing, or 0 */
	uint8_t *filter; /* FILTER_SIZE_MAX bytes */
	uint8_t *record; /* RECORD_SIZE_MAX + 1 bytes, for the record being written */
	uint8_t *former; /* the same, for the one that it replaces */
	bool filter_stale;
	char last_put[MACHINE_NAME_SIZE];
};

/*
 * Take the lock, waiting for another writer at most ten seconds, and copy the
 * registry. Makes the directory and starts an empty registry where there is
 * none. 0, or an error of registry/file.h about what is there, or
 * -ETIMEDOUT  another writer has the lock
 * -EXDEV      the registry has machines of another pid namespace
 * -ENOTDIR    the directory is none, or a link
 * The writer is to be closed after a failure, too.
 */
int writer_open(struct writer *writer, const char *directory);

/*
 * The same in two steps: first see whether this process may write there at
 * all, then, after what takes its time, take the lock and copy.
 */
int writer_prepare(struct writer *writer, const char *directory);
int writer_begin(struct writer *writer);

/*
 * Add the machine, or replace the one of the same name. A sequence of 0 gets
 * the next. Its name, aliases and leader must not be another machine's. Putting
 * what is there already changes nothing. 0, -EEXIST where an alias is taken, or
 * another negative errno, after which nothing can be published.
 */
int writer_put(struct writer *writer, struct machine *machine);

/* Take the machine of this folded name out. 0, -ENOENT, or as above. */
int writer_remove(struct writer *writer, const char *folded);

/*
 * Where there was no registry, publish one even if nothing is put into it: an
 * empty one says that no machine is registered, and none at all says nothing.
 */
void writer_start_empty(struct writer *writer);

/* Publish, if anything has changed. 0, or a negative errno and all is as it was. */
int writer_publish(struct writer *writer);

/* Let go of the lock and, where nothing was published, of the change. */
void writer_close(struct writer *writer);
