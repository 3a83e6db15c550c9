/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change to a text that belongs to somebody else, mostly a configuration
 * file. The whole change is known before anything is written.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

struct change {
	const char *path;   /* of the file; or a description of another kind of text */
	const char *before; /* the text now; NULL: there is none */
	const char *after;  /* the wanted text; NULL: there should be none */
	mode_t mode;	    /* of a new file; if that can be executed, an old one must be, too */
	mode_t mode_now;    /* of the file, if there is one */
	const char *backup; /* a copy of the file before its first change is kept here, or NULL */
	const char *kept;   /* what the backup of a new file has: what it began with; or NULL */
	bool is_undo; /* of a change with a backup: remove the backup if both are the same then */
	bool is_outdated;	/* the text now has what setup wrote, in another form that works */
	bool has_own_directory; /* setup makes its directory, and removes it with the last file in it */
	/* How to make a change that isn't one of a file; NULL for files. 0, or -1 with a failure. */
	int (*apply)(struct arena *arena, const struct change *change, struct failure *failure);
	const char *subject; /* an argument for `apply` */
};

/* Set `before` and `mode_now` from the file at the change's path. Returns 0, or -1 with a failure. */
int change_read(struct arena *arena, struct change *change, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether the text isn't yet as it should be, or the file lacks execution. */
bool change_is_pending(const struct change *change) __attribute__((nonnull));

/* Whether nobody can execute the file, and somebody should: runtimes pass over such hooks. */
bool change_lacks_execution(const struct change *change) __attribute__((nonnull));

/* Returns the change in the form of diff(1), in the arena. */
char *change_diff(struct arena *arena, const struct change *change) __attribute__((nonnull));

/*
 * Make the change. A file is replaced by rename(2) and keeps its owner, mode
 * and attributes, so at any time it is the old one or the new one; if it lacks
 * execution, whoever may read it may execute it then. It must be a trusted
 * file: trusted_file.h. Returns 0, or -1 with a failure.
 */
int change_apply(struct arena *arena, const struct change *change, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
