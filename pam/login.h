/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who logs in, from where, and under which arguments: what PAM has told the module. */
#pragma once

#include "pam/arguments.h"
#include "registry/snapshot.h"
#include "registry/words.h"

#include <security/pam_modules.h>

struct login {
	pam_handle_t *pamh;
	struct arguments arguments;
	const char *user;	 /* PAM_USER, "" without */
	const char *remote_host; /* PAM_RHOST, "" for a local login */
	/* Both as log lines show them. */
	char user_shown[QUOTED_SIZE];
	char remote_shown[QUOTED_SIZE];
};

/* 0, or -EINVAL where an argument is wrong, which is logged. */
int login_begin(struct login *login, pam_handle_t *pamh, enum facility facility, int argc,
		const char **argv);

/* One line of syslog. */
void login_log(const struct login *login, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, if the argument debug was given. */
void login_debug(const struct login *login, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whence it comes, as log lines show it. */
const char *login_whence(const struct login *login);

/*
 * Say that the registry couldn't be read, with an error of snapshot_open(),
 * and that the login goes on without. One that is just absent is no news.
 */
void login_warn_of_registry(const struct login *login, int error);
