/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A registry of images: the protocol is OCI's distribution specification, over https. If the registry asks
 * for a token, one is fetched without an account and sent to no other host.
 */
#pragma once

#include "tools/fetch/fetch.h"
#include "tools/oci/document.h"
#include "tools/oci/reference.h"

struct oci_registry {
	struct arena *arena;
	const struct oci_reference *reference;
	const char *authorization; /* the header's value, or NULL */
	bool (*is_stopped)(void);  /* asked while documents are fetched; NULL is never */
};

/* The address of a blob of the image's repository. */
const char *oci_registry_blob_address(const struct oci_registry *registry,
				      const struct digest *digest);

/*
 * Send a request to the registry; if it asks for a token, get one and repeat the request. Sets request->url and
 * request->authorization. 0, or -1 with a failure, as fetch().
 */
int oci_registry_fetch(struct oci_registry *registry, const char *address,
		       struct fetch_request *request, struct fetch_answer *answer,
		       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Fetch a manifest or an index: the one that `descriptor` names, or the reference's if that is NULL. If a digest
 * is given, it must have it. Sets `digest` to its digest and `type` to its media type. 0, or -1 with a failure.
 */
int oci_registry_document(struct oci_registry *registry, const struct oci_descriptor *descriptor,
			  char **text, size_t *size, const char **type, struct digest *digest,
			  struct failure *failure)
	__attribute__((nonnull(1, 3, 4, 5, 6, 7), warn_unused_result));

/* Fetch a small blob, and check its digest. 0, or -1 with a failure. */
int oci_registry_text(struct oci_registry *registry, const struct oci_descriptor *descriptor,
		      char **text, size_t *size, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
