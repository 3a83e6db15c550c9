/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images from servers: what pull-tar and pull-raw do before there is something to import. The file
 * is fetched into the pool and held to what its publisher says of it; only then it is looked into.
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
	struct keyring keyring; /* loaded where signatures are checked */
	bool is_tar;		/* or a disk */
	struct url url;
	const char *file_name; /* the publisher's, in what he signs */
	struct partial partial;
	bool keeps;		 /* the download becomes a hidden image, too */
	struct kept kept;	 /* that image */
	const char *known_etags; /* of what is kept already, where that will do */
	struct progress *progress;
	bool may_go_on;	   /* the next pull may take it up */
	const char *words; /* what the image rests on, when it has been fetched */
};

/*
 * Begin, with an address. `name` becomes that of the image if the user gave none: from the address,
 * and one that a machine can have. 0, or -1 with a failure.
 */
int pull_begin(struct pull *pull, struct arena *arena, const char *address, const char *user_name,
	       char name[static NAME_MAX + 1], struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));

/* Fetch and check it. Returns a descriptor, open at the file's beginning, or -1 with a failure. */
int pull_fetch(struct pull *pull, int pool, struct progress *progress, struct notices *notices,
	       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Fetch the files beside it that belong to the image, such as settings and hashes, and hold them to the same
 * checks. One that the publisher doesn't vouch for is left out, with a warning. 0, or -1 with a failure.
 */
int pull_add_side_files(struct pull *pull, struct image_draft *draft, struct progress *progress,
			struct notices *notices, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Close the download. It stays for the next pull if the connection ended too early, or a signal ended us;
 * a complete one, and one that isn't an image, is removed.
 */
void pull_end(struct pull *pull);
