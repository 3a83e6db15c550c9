/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images in and out: what import-tar, import-raw, import-fs, export-tar and export-raw do. import_tree() makes a
 * directory by transfer->make.
 */
#pragma once

#include "tools/import/pack.h"
#include "tools/import/unpack.h"

#include <stdbool.h>
#include <stdio.h>

struct image_draft;
struct kept;

struct image_transfer {
	const char *verb;
	const char *file;   /* "-" is standard input or output */
	const char *name;   /* of the image; NULL: from the file's name */
	uint32_t id;	    /* that it was given as a transfer, or 0 */
	const char *verify; /* how what is fetched is checked; NULL: nothing is fetched */
	bool force, read_only;
	struct unpack_options unpack;
	bool has_format; /* otherwise the file's name says it */
	enum pack_format format;
	/*
	 * If it is set, it brings the file, when the name is known to be free. Returns a descriptor, or -1
	 * with a failure.
	 */
	int (*bring)(void *data, int pool, struct progress *progress, struct notices *notices,
		     struct failure *failure);
	/* Adds files to the draft that belong to what was brought; or NULL. 0, or -1 with a failure. */
	int (*add)(void *data, struct image_draft *draft, struct progress *progress,
		   struct notices *notices, struct failure *failure);
	void *bring_data; /* of both */
	/*
	 * If it is set, what was brought becomes this hidden image first, of which the image is a copy, and
	 * `bring` tells its name. The name "-" is that of no image: only the hidden one is made.
	 */
	struct kept *kept;
	/* If it is set, it fills the draft of a directory, from wherever it likes. 0, or -1 with a failure. */
	int (*make)(void *data, struct image_transfer *transfer, struct image_draft *draft,
		    struct progress *progress, struct notices *notices, struct failure *failure);
	void *make_data;
	bool is_full;	/* the failure says already what is full */
	FILE *terminal; /* where progress is shown, or NULL */
	/* What was done: */
	char image_name[NAME_MAX + 1];
	struct progress_count count;
};

/*
 * 0, or -1 with a failure. If a signal has asked to stop (stop.h), what was begun has been
 * removed.
 */
typedef int image_transfer_run(struct image_transfer *transfer, struct notices *notices,
			       struct failure *failure);

image_transfer_run import_tar, import_raw, import_fs, import_tree, export_tar, export_raw;
