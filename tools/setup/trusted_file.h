/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file whose path nobody but root and the caller can redirect. All work on
 * the file is relative to one descriptor of its directory, so that somebody
 * who owns a directory of the path can't make us read or replace another file.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>
#include <sys/stat.h>

struct trusted_file {
	const char *path; /* as given, for messages */
	int directory;	  /* O_PATH, or -1 */
	const char *name; /* in the directory; in the arena */
	int fd;		  /* of the file; -1: there is none */
	struct stat stat; /* of the file */
};

enum trusted_file_flags {
	TRUSTED_FILE_MAKE_DIRECTORIES = 1 << 0, /* make those that are missing */
	TRUSTED_FILE_KEEP_LINK = 1 << 1,	/* don't follow a link that is the file itself */
};

/*
 * Open the directory of the path, and the file in it if there is one. Symbolic
 * links are followed if root or the caller owns them. A directory or file of
 * somebody else's is a failure, FAILURE_NOT_PERMITTED. If a directory is
 * missing, there is no file, and `directory` is -1. Returns 0, or -1 with a
 * failure. Close it in either case.
 */
int trusted_file_open(struct trusted_file *file, struct arena *arena, const char *path,
		      unsigned int flags, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Read the file's text. NULL if there is no file. Returns 0, or -1 with a failure. */
int trusted_file_read(struct trusted_file *file, struct arena *arena, char **text,
		      struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Replace the file, or make it, by rename(2). The new file has the owner, the
 * mode and just the extended attributes of `like`, but no set-user-id bits; if
 * `like` has no file, it has this mode. If nobody can execute `like` and this
 * mode can be executed, those who may read it can. Returns 0, or -1 with a failure.
 */
int trusted_file_replace(struct trusted_file *file, const char *text,
			 const struct trusted_file *like, mode_t mode, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Returns 0, also if there is no file, or -1 with a failure. */
int trusted_file_remove(struct trusted_file *file, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Remove the directory of the file if it is empty. Where that isn't possible, it stays. */
void trusted_file_remove_directory(const struct trusted_file *file) __attribute__((nonnull));

void trusted_file_close(struct trusted_file *file) __attribute__((nonnull));
