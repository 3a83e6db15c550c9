/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The planners of setup, and the functions that they share. */
#pragma once

#include "tools/setup/setup.h"

setup_planner setup_bus;     /* setup_bus.c */
setup_planner setup_oci;     /* setup_oci.c: runc and crun */
setup_planner setup_podman;  /* setup_oci.c */
setup_planner setup_lxc;     /* setup_lxc.c */
setup_planner setup_lxd;     /* setup_lxd.c */
setup_planner setup_libvirt; /* setup_libvirt.c */
setup_planner setup_nspawn;  /* setup_nspawn.c */
setup_planner setup_nss;     /* setup_nss.c */
setup_planner setup_varlink; /* setup_varlink.c */

void setup_add_change(struct setup_plan *plan, const struct change *change);

/* Add what the plan leaves as it is, and why. */
void setup_add_gap(struct setup_plan *plan, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

/* Whether a text that setup wrote runs this program, and not one elsewhere. Unusual paths aren't recognized. */
bool setup_runs_program(const char *text) __attribute__((nonnull));

/*
 * Add a file that belongs to us as a whole; `after` NULL removes it. A file
 * that is there already has to contain `mark`, by which we know our own.
 * Returns 0, or -1 with a failure.
 */
int setup_add_file(struct setup_plan *plan, const char *path, const char *after, mode_t mode,
		   const char *mark, struct failure *failure)
	__attribute__((nonnull(1, 2, 5, 6), warn_unused_result));

/*
 * Whether no file can be made in a directory, which needn't exist yet, because its file system is
 * read-only, as /usr is where a whole system is an image.
 */
bool setup_is_read_only(const struct setup_plan *plan, const char *directory)
	__attribute__((nonnull));

/* The directory of the file that was added last is setup's own: removed with the last file in it. */
void setup_own_directory(struct setup_plan *plan) __attribute__((nonnull));

/*
 * Like setup_add_file(), for a file with a checksum behind its mark. One that somebody has changed is refused, so that what
 * is theirs isn't lost.
 */
int setup_add_sealed_file(struct setup_plan *plan, const char *path, const char *after,
			  const char *mark, struct failure *failure)
	__attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* The failure of a file of ours that somebody has changed: what is theirs would be lost. Returns -1. */
int setup_refuse_edited(const char *path, struct failure *failure) __attribute__((nonnull));

/*
 * Refuse the file that was added last if it is there and has other lines than these, each a
 * pattern of fnmatch(3), with NULL behind the last. Returns 0, or -1 with a failure.
 */
int setup_check_lines(struct setup_plan *plan, const char *const *patterns, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Returns the word quoted for shell(1), in the plan's arena. */
char *setup_quote(const struct setup_plan *plan, const char *word);

/*
 * Returns the line of shell(1) that runs 'mymachines hook' with these
 * arguments, and with `operands` behind all options. Unless --strict is given,
 * the line succeeds even if the hook fails or the program has been removed.
 */
char *setup_hook_line(const struct setup_plan *plan, const char *arguments, const char *operands);

/*
 * The same for runtimes that write to the hook's standard input. The shell reads what
 * the program has left of it, or all where the program is missing: a runtime that can't
 * write, as crun, doesn't start its container.
 */
char *setup_hook_line_of_pipe(const struct setup_plan *plan, const char *arguments,
			      const char *operands);
#define SETUP_HOOK_READS_REST "; while read -r _; do :; done"
