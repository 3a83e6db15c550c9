/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reference to an image in a registry: HOST[:PORT]/NAME[:TAG][@DIGEST]. Without a host, Docker Hub is
 * meant, as in other tools.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/digest.h"

/* All in an arena. */
struct oci_reference {
	const char *registry;	/* the host, with its port if one is given: "docker.io" */
	const char *host;	/* the host to connect to: "registry-1.docker.io" */
	const char *repository; /* "library/debian" */
	const char *tag;	/* NULL if only a digest is given */
	struct digest digest;	/* the digest of the image, or of kind DIGEST_NONE */
	const char *shown;	/* the whole reference, for messages */
};

/* Parse a reference. 0, or -1 with a failure. */
int oci_reference_parse(struct arena *arena, const char *text, struct oci_reference *reference,
			struct failure *failure) __attribute__((nonnull, warn_unused_result));
