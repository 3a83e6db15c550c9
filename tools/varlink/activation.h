/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that whoever started us has opened: sd_listen_fds(3), without libsystemd. */
#pragma once

#include "base/failure.h"

#define ACTIVATION_FIRST_FD 3

/*
 * How many descriptors were passed to this very process, from
 * ACTIVATION_FIRST_FD on. They are made close-on-exec and non-blocking, and the
 * variables that told of them are removed. 0 for none, or -1 with a failure.
 */
int activation_take(struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * The name of the file that a listening socket is bound to, without its
 * directory: the service's name. The caller's to free; NULL with a failure.
 */
char *activation_service_name(int fd, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
