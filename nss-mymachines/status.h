/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entering and leaving the module: what the caller has and gets back as it was,
 * and glibc's statuses for a negative errno. Only this part knows them.
 */
#pragma once

#include "base/cancellation.h"

#include <nss.h>

/* The state that each entry point saves at its beginning; user_status() or host_status() restores it. */
struct caller {
	int errno_before;
	struct cancellation cancellation;
};

/* Also puts off the cancellation of this thread: pthread_cancel(3). */
struct caller caller_save(void);

/* The status for 0 or a negative errno. *errnop is set on failure only. */
enum nss_status user_status(int r, const struct caller *caller, int *errnop);

/*
 * The same for hosts. -ENODATA: the name is registered, but has no address of
 * that family.
 */
enum nss_status host_status(int r, const struct caller *caller, int *errnop, int *h_errnop);
