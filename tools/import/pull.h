/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images from servers: the first part of pull-tar and pull-raw. The file is fetched into the pool
 * and checked against its publisher's data before it is unpacked.
 */
#pragma once

#include "tools/fetch/verify.h"
#include "tools/import/kept.h"
#include "tools/import/partial.h"
#include "tools/import/progress.h"

struct image_draft;

struct pull {
	struct arena *arena;
	struct verify verify;
	struct keyring keyring; /* loaded if signatures are checked */
	bool is_tar;		/* false: a disk */
	struct url url;
	const char *file_name; /* the publisher's name of the file */
	struct partial partial;
	bool keeps;		 /* the download becomes a hidden image, too */
	struct kept kept;	 /* that image */
	const char *known_etags; /* of what is kept already, where that will do */
	struct progress *progress;
	bool may_go_on;	   /* the next pull may continue the download */
	const char *words; /* by what the image was checked, after it was fetched */
};

/*
 * Begin with an address. `name` becomes the image's name, by default taken from the address; it
 * must be valid for a machine. 0, or -1 with a failure.
 */
int pull_begin(struct pull *pull, struct arena *arena, const char *address, const char *user_name,
	       char name[static NAME_MAX + 1], struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));

/* Fetch and check it. Returns a descriptor, open at the file's beginning, or -1 with a failure. */
int pull_fetch(struct pull *pull, int pool, struct progress *progress, struct notices *notices,
	       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Fetch the files beside it that belong to the image, such as settings and hashes, and check them
 * in the same way. A file without a sum of the publisher's is left out, with a warning. 0, or -1
 * with a failure.
 */
int pull_add_side_files(struct pull *pull, struct image_draft *draft, struct progress *progress,
			struct notices *notices, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Close the download. It is kept for the next pull if the connection broke or a signal stopped us,
 * and if the server can continue it. Otherwise it is removed.
 */
void pull_end(struct pull *pull, bool is_cancelled);
