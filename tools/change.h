/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of a text that is somebody's: mostly a file of an admin's. It is
 * looked at as a whole before anything is changed, and made at once.
 */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>
#include <sys/types.h>

struct change {
	const char *path;   /* of a file; or what the text is, in words */
	const char *before; /* NULL: there is none */
	const char *after;  /* NULL: there is to be none */
	mode_t mode;	    /* of a file that is new */
	const char *backup; /* keep the file as it was here; or NULL */
	bool is_undo;	    /* of one that has: drop what was kept, if it is the same again */
	/* How to make it, where it is no file. 0, or -1 after a message. */
	int (*apply)(struct arena *arena, const struct change *change);
	const char *subject; /* what `apply` wants to know */
};

/* Set `before` from the file at its path. 0, or -1 after a message, unless it is to be `quiet`. */
int change_read(struct arena *arena, struct change *change, bool quiet);

/* Whether it has still to be made. */
bool change_is_pending(const struct change *change);

/* Print it as diff(1) does. */
void change_print(struct arena *arena, const struct change *change);

/*
 * Make it. A file is replaced by rename(2), with its owner and mode, so that
 * it is always there, the old one or the new one; through symbolic links. 0, or -1
 * after a message.
 */
int change_apply(struct arena *arena, const struct change *change);
