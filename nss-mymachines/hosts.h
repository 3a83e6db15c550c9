/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the ways to look up hosts share. */
#pragma once

#include "registry/snapshot.h"

#include <netdb.h>

/*
 * The machine's addresses of one family, or with AF_UNSPEC of the first that
 * it has any of, as the result of gethostbyname_r(3). Link-local IPv6 is left
 * out: there is no place for its interface. 0; -ENODATA without any; -ERANGE
 * where the buffer is too small.
 */
int host_fill(const struct machine *machine, int family, struct hostent *host, char *buffer,
	      size_t length);
