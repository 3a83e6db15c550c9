/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for completions that come from machines: their names, their users, and paths in them.
 * Files of a machine are a stranger's: a child reads them, within a second, and without
 * an answer there are no words. Failures are silent.
 */
#pragma once

#include "base/arena.h"

/* Takes a word that completes, and what help says of it, or NULL. Both are borrowed. */
typedef void completion_sink(void *data, const char *word, const char *about);

/* The names of all images, but for the host's own. */
void complete_images(struct arena *arena, completion_sink *sink, void *data);

/* The names of all machines. */
void complete_machines(completion_sink *sink, void *data);

/* NAME; and USER@NAME, if `word` begins a user's name or has a "@" already. */
void complete_machine_users(struct arena *arena, const char *word, completion_sink *sink,
			    void *data);

/* Paths in this machine that begin with `word`; those of directories end with "/". */
void complete_machine_paths(struct arena *arena, const char *machine, const char *word,
			    completion_sink *sink, void *data);
