/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results that the ways to look up hosts share. */
#pragma once

#include "registry/snapshot.h"

#include <netdb.h>

/* Names lead to some addresses that do not lead back: they are in no list of all hosts. */
enum host_addresses { HOST_ANSWERED, HOST_TRUE };

/*
 * The machine's addresses of one family, or with AF_UNSPEC of the first family
 * that it has any of, as the result of gethostbyname_r(3). Link-local IPv6 is
 * left out: a hostent has no place for its interface. 0; -ENODATA without an
 * address; -ERANGE if the buffer is too small.
 */
int host_fill(const struct machine *machine, int family, enum host_addresses which,
	      struct hostent *host, char *buffer, size_t length);

/* The same with the one address that was asked for, in the family that it was asked in. */
int host_fill_address(const struct machine *machine, int family, const uint8_t *bytes,
		      struct hostent *host, char *buffer, size_t length);
