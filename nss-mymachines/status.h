/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From 0 or a negative errno to what glibc wants to hear: the only place that knows. */
#pragma once

#include <nss.h>

/* The caller's errno is given back as it was; *errnop is set on failure only. */
enum nss_status user_status(int r, int saved_errno, int *errnop);

/*
 * The same for hosts. -ENODATA: the name is registered, but has no address of
 * that family.
 */
enum nss_status host_status(int r, int saved_errno, int *errnop, int *h_errnop);
