/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shell and login on this host, which machinectl(1) treats as a machine. */
#pragma once

#include "base/array.h"
#include "base/failure.h"

#include <stdbool.h>

/* Whether a machine's name means this host, under the name of machinectl. */
bool is_this_host(const char *machine);

/*
 * Run a command, or with none a login shell, as this user, by su(1). `settings` are those of
 * the environment, NAME=VALUE. Returns an exit status, or -1 with a failure.
 */
int host_session_run(const char *user, const struct string_list *settings, char *const *command,
		     struct failure *failure) __attribute__((nonnull(1, 2, 4)));

/* Open a login prompt, by login(1). Returns an exit status, or -1 with a failure. */
int host_login(struct failure *failure) __attribute__((nonnull));
