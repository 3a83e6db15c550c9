/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header WWW-Authenticate: which credentials a registry asks for (RFC 9110, 11.6.1). */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* All in an arena. */
struct oci_challenge {
	bool has_bearer;     /* it asks for a token (RFC 6750) */
	const char *realm;   /* the address of the service that gives tokens */
	const char *service; /* the service that the token is for, or "" */
};

/*
 * Parse the challenges of an answer. The first one that asks for a token and has a realm counts. Its scope is
 * ignored: registries have sent placeholders, none, and more than was asked for.
 */
void oci_challenge_parse(struct arena *arena, const char *text, struct oci_challenge *challenge);
