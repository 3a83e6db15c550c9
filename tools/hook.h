/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a runtime hands to its hooks, and what comes of it. A reader for each
 * kind of hook; the verb does the rest in one way for all.
 */
#pragma once

#include "tools/registration.h"

enum hook_event {
	HOOK_NOTHING, /* none that matters here */
	HOOK_START,
	HOOK_STOP,
};

/* A name that was said, one that the runtime knows, an id, the short form of it. */
#define HOOK_NAMES_MAX 4

struct hook {
	enum hook_event event;
	struct registration reg; /* of a start: all but the name; the arena is always there */
	/* What the machine is or may be called, the best first. */
	const char *names[HOOK_NAMES_MAX];
	size_t n_names;
	const char *name_hint; /* where a better name could be said, for a message */
};

/*
 * Take in what the runtime has handed over: in `arguments`, NULL behind them, in the
 * environment, on standard input. 0, or -1 after a message.
 */
typedef int hook_reader(struct hook *hook, char **arguments);

hook_reader hook_read_oci;     /* hook_oci.c */
hook_reader hook_read_lxc;     /* hook_lxc.c */
hook_reader hook_read_libvirt; /* hook_libvirt.c */

/* For a reader: what messages are about, whatever bytes it has. */
void hook_set_subject(struct hook *hook, const char *name);

/* For a reader: add a name, unless NULL, behind those that are better. */
void hook_add_name(struct hook *hook, const char *name);

/* For a reader: add aliases that somebody wrote with blanks or commas between. 0 or -1. */
int hook_add_aliases(struct hook *hook, const char *list);

/* For a reader: all of standard input. 0, or -1 after a message. */
int hook_read_input(struct hook *hook, char **text, size_t *size);

/* For a reader: set the leader. */
void hook_set_leader(struct hook *hook, int64_t pid);
