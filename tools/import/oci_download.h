/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image of a registry. All layers are fetched into the pool before one is unpacked. */
#pragma once

#include "tools/import/oci_image.h"
#include "tools/import/partial.h"
#include "tools/oci/registry.h"

struct oci_download {
	struct oci_registry registry;
	struct oci_reference reference;
	struct digest digest; /* of the first document: the image's */
	struct partial *layers;
	const struct digest *digests; /* of these */
	size_t n_layers;
	struct progress *progress;
	uint64_t done, total; /* bytes of the layers: fetched ones, and all */
};

/* Begin, and set up its store. 0, or -1 with a failure. End it after a success. */
int oci_download_begin(struct oci_download *download, struct arena *arena, const char *reference,
		       struct oci_store *store, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Fetch all layers, of FETCH_SIZE_MAX bytes together at most. 0, or -1 with a failure. */
int oci_download_layers(struct oci_download *download, const struct oci_document *manifest,
			int pool, struct progress *progress, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* By what the image was checked, in words. In the arena. */
const char *oci_download_words(const struct oci_download *download);

/* Close the layers. If `stay`, fetched bytes are kept for the next pull. */
void oci_download_end(struct oci_download *download, bool stay) __attribute__((nonnull));
