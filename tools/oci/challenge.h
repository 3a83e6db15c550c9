/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* WWW-Authenticate, RFC 9110: how a registry wants to be asked. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* All in an arena. */
struct oci_challenge {
	bool has_bearer;     /* a token is wanted */
	const char *realm;   /* where to get it */
	const char *service; /* for whom; "" if that isn't told */
};

/*
 * Parse the challenges of an answer. Of several, the first one for a token with a realm counts. The scope in it is
 * not taken over: registries have sent placeholders, none, and more than was asked for.
 */
void oci_challenge_parse(struct arena *arena, const char *text, struct oci_challenge *challenge);
