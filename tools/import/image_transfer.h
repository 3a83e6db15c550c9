/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Importing and exporting images, for import-tar, import-raw, import-fs, export-tar and export-raw.
 * import_tree() makes a directory by transfer->make.
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
	uint32_t id;	    /* the number that the transfer already has, or 0 */
	const char *verify; /* how what is fetched is checked; NULL: nothing is fetched */
	bool force, read_only;
	struct unpack_options unpack;
	bool has_format; /* NULL: the file's ending decides */
	enum pack_format format;
	/*
	 * If it is set, it opens or fetches the file, after the name was found to be free. Returns
	 * a descriptor, or -1 with a failure.
	 */
	int (*bring)(void *data, int pool, struct progress *progress, struct notices *notices,
		     struct failure *failure);
	/* Adds the files that belong to the image to the draft; or NULL. 0, or -1 with a failure. */
	int (*add)(void *data, struct image_draft *draft, struct progress *progress,
		   struct notices *notices, struct failure *failure);
	void *bring_data; /* for both functions */
	/*
	 * If it is set, the file becomes this hidden image first, the image is copied from it, and
	 * `bring` tells its name. The name "-" is that of no image: only the hidden one is made.
	 */
	struct kept *kept;
	/* If it is set, it fills the draft of a directory. 0, or -1 with a failure. */
	int (*make)(void *data, struct image_transfer *transfer, struct image_draft *draft,
		    struct progress *progress, struct notices *notices, struct failure *failure);
	void *make_data;
	bool is_full;	/* the failure already names the full file system */
	FILE *terminal; /* where progress is shown, or NULL */
	/* The result: */
	char image_name[NAME_MAX + 1];
	struct progress_count count;
};

/* 0, or -1 with a failure. If a signal has asked to stop (stop.h), the incomplete image has been removed. */
typedef int image_transfer_run(struct image_transfer *transfer, struct notices *notices,
			       struct failure *failure);

image_transfer_run import_tar, import_raw, import_fs, import_tree, export_tar, export_raw;
