/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mymachines setup sets up: a planner for each runtime, which says what
 * is to be changed; the verb prints, checks or makes it, in one way for all.
 */
#pragma once

#include "tools/change.h"

struct setup {
	struct arena *arena;
	const char *target; /* "podman" */
	bool remove;
	bool strict;	       /* hooks are to be */
	bool unattended;       /* nothing is to be said */
	const char *bundle;    /* --bundle= of an OCI container */
	const char *config;    /* --config= of an LXC container */
	const char *hooks_dir; /* --hooks-dir= of podman */
	const char *profile;   /* --profile= of LXD */
	/* What the planner adds. */
	struct change *changes;
	size_t n_changes;
	const char *next_step; /* what is still to be done by hand then, or NULL */
};

/* Add the changes. 0, or -1 after a message. */
typedef int setup_planner(struct setup *setup);

setup_planner setup_oci;     /* setup_oci.c: runc and crun */
setup_planner setup_podman;  /* setup_oci.c */
setup_planner setup_lxc;     /* setup_lxc.c */
setup_planner setup_lxd;     /* setup_lxc.c */
setup_planner setup_libvirt; /* setup_libvirt.c */
setup_planner setup_nspawn;  /* setup_nspawn.c */
setup_planner setup_nss;     /* setup_nss.c */

/* For a planner: say what is wrong, behind "setup: ", unless nothing is to be said. Returns -1. */
int setup_fail(const struct setup *setup, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* For a planner: what is there before, at the path of the change. 0, or -1 after a message. */
int setup_read(const struct setup *setup, struct change *change);

/*
 * For a planner: add a file that is ours as a whole, if there is none of its name, or one with this
 * text in it, by which we know ours. 0, or -1 after a message.
 */
int setup_add_file(struct setup *setup, const char *path, const char *after, mode_t mode,
		   const char *ours);

void setup_add(struct setup *setup, const struct change *change);

/* For a planner: as one word of shell(1). */
char *setup_quote(struct setup *setup, const char *word);

/*
 * For a planner: the line of shell(1) that runs a hook with these arguments, and `more` of them
 * behind its options. Unless it is to be strict, it succeeds, whatever becomes of it, and also
 * where the program has gone meanwhile.
 */
char *setup_hook_line(struct setup *setup, const char *arguments, const char *more);

/* What mymachines doctor says of the runtimes that are here. */
enum setup_state {
	SETUP_NOT_HERE,
	SETUP_ELSEWHERE, /* each container has its own: that can't be told */
	SETUP_DONE,
	SETUP_MISSING,
	SETUP_UNKNOWN, /* it can't be told, or not by who asks */
};

/* The state of the runtime of this index, whose name it sets. False behind the last. */
bool setup_look(size_t index, const char **name, enum setup_state *state);
