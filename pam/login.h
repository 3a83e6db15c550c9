/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A login: what PAM says of it, and the arguments of the line. */
#pragma once

#include "base/quote.h"
#include "pam/arguments.h"
#include "registry/snapshot.h"
#include "registry/words.h"

#include <security/pam_modules.h>

struct login {
	pam_handle_t *pamh;
	struct arguments arguments;
	const char *user;	 /* PAM_USER, or "" */
	const char *remote_host; /* PAM_RHOST, "" for a local login */
	/* The same, as they are shown in the log. */
	char user_shown[QUOTED_SIZE];
	char remote_shown[QUOTED_SIZE];
};

/* Read arguments and items. 0, or -EINVAL if an argument is wrong, which is logged. */
int login_begin(struct login *login, pam_handle_t *pamh, enum facility facility, int argc,
		const char **argv);

/* Log a line to syslog. */
void login_log(const struct login *login, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, if the argument debug is given. */
void login_debug(const struct login *login, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Where the login comes from, as it is shown in the log. */
const char *login_whence(const struct login *login);

/*
 * Log that the registry couldn't be read, with an error of snapshot_open(), and
 * that the login goes on without it. A registry that doesn't exist is logged with
 * debug only.
 */
void login_warn_of_registry(const struct login *login, int error);
