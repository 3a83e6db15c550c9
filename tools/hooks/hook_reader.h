/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The readers of hooks, and the functions that they share. */
#pragma once

#include "tools/hooks/hook.h"

hook_reader hook_read_oci;     /* hook_oci.c */
hook_reader hook_read_lxc;     /* hook_lxc.c */
hook_reader hook_read_libvirt; /* hook_libvirt.c */

/* Begin messages with this name, which may contain any bytes. */
void hook_set_subject(struct hook *hook, const char *name);

void hook_set_leader(struct hook *hook, int64_t pid);

/*
 * Add the name that the runtime has for the machine, NULL being none, and then
 * names made from it: PREFIX-101. Where a name matters that isn't unique, add
 * others after this.
 */
void hook_add_runtime_name(struct hook *hook, const char *prefix, const char *name)
	__attribute__((nonnull(1, 2)));

/* Add aliases from a list with blanks or commas, NULL being an empty one. */
void hook_add_aliases(struct hook *hook, const char *list) __attribute__((nonnull(1)));

/* Set a fact that the runtime has told: registration_set_found(). */
void hook_set_found(struct hook *hook, registration_setter *set, const char *value)
	__attribute__((nonnull(1, 2)));

/* Read standard input to its end. Returns 0, or -1 with a failure. */
int hook_read_input(struct hook *hook, char **text, size_t *size, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
