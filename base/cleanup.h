/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cleanup attributes: a resource is released when its variable goes out of scope.
 * Always initialise the variable.
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function), unused))

static inline void cleanup_free(void *pointer)
{
	free(*(void **) pointer);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define CLEANUP_FREE  CLEANUP(cleanup_free)
#define CLEANUP_CLOSE CLEANUP(cleanup_close)
