/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Extended attributes and ACLs, between entries of archives and files. ACLs are of numeric ids
 * alone.
 */
#pragma once

#include "base/failure.h"
#include "tools/import/worker.h"

#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

/* Counts of what couldn't be kept, so that there is a line for each kind and not for each file. */
struct attribute_losses {
	bool with_selinux;			/* whether labels are kept */
	uint64_t selinux;			/* labels that were left out */
	uint64_t user, other, acls;		/* that could not be set or read */
	int user_error, other_error, acl_error; /* negative errnos of the first of each */
};

/*
 * Give a file the attributes of the entry: `fd` if it isn't negative; else `name` in the working
 * directory, which may be a link and isn't followed. Losses are counted. 0, or -1 with a failure:
 * capabilities can't be set, or the file system is full.
 */
int attributes_set(struct archive_entry *entry, int fd, const char *name,
		   struct attribute_losses *losses, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Take away the ACLs that a file or directory has and the entry doesn't: those that the directory in
 * which it was made has given it. `fd` and `name` as above, but not for a link. 0, or -1 with a failure.
 */
int attributes_drop_inherited(struct archive_entry *entry, int fd, const char *name,
			      struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Add the attributes of `name` in the working directory to the entry. 0, or -1 with a failure. */
int attributes_get(struct archive_entry *entry, const char *name, struct attribute_losses *losses,
		   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Copy the attributes of a file to another one. 0 or a negative errno. */
int attributes_copy(int from, int to);

/* Warn of what was lost, in a line for each kind. */
void attributes_report(const struct attribute_losses *losses, struct worker_channel *channel)
	__attribute__((nonnull));
