/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people call an image of a registry: HOST[:PORT]/NAME[:TAG][@DIGEST]. Without a host, it is Docker
 * Hub's, as everywhere.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/digest.h"

/* All in an arena. */
struct oci_reference {
	const char *registry;	/* the host, with its port if it has one: "docker.io" */
	const char *host;	/* the same, as it is asked: "registry-1.docker.io" */
	const char *repository; /* "library/debian" */
	const char *tag;	/* NULL if only the digest tells */
	struct digest digest;	/* that pins the image; of kind DIGEST_NONE if there is none */
	const char *shown;	/* the whole, as it was understood */
};

/* 0, or -1 with a failure. */
int oci_reference_parse(struct arena *arena, const char *text, struct oci_reference *reference,
			struct failure *failure) __attribute__((nonnull, warn_unused_result));
