/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An image of OCI's or Docker's kind: found by its documents, its layers unpacked one over the other into a
 * directory, and its settings written beside it.
 */
#pragma once

#include "tools/images/image_draft.h"
#include "tools/import/layer.h"
#include "tools/oci/configuration.h"
#include "tools/oci/document.h"

/* Access to the parts of an image. Each function returns 0 or a descriptor, or -1 with a failure. */
struct oci_store {
	struct arena *arena;
	void *data;
	/* An index or a manifest: the first one if the descriptor is NULL. */
	int (*document)(void *data, const struct oci_descriptor *descriptor, char **text,
			size_t *size, const char **type, struct failure *failure);
	/* The configuration. */
	int (*text)(void *data, const struct oci_descriptor *descriptor, char **text, size_t *size,
		    struct failure *failure);
	/* A layer, in a file that belongs to the store. Its digest is checked. */
	int (*layer)(void *data, const struct oci_descriptor *descriptor, struct failure *failure);
};

/* Which of several images to take. */
struct oci_choice {
	const struct oci_platform *platform; /* NULL: this host's */
	const char *name;		     /* its tag in a layout, or NULL */
};

struct oci_image {
	struct oci_document manifest;
	bool is_for_platform; /* an index has chosen the image */
	struct oci_configuration configuration;
};

/* Find its manifest. 0, or -1 with a failure. */
int oci_image_find(const struct oci_store *store, const struct oci_choice *choice,
		   struct oci_image *image, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Then read its configuration. 0, or -1 with a failure. */
int oci_image_configure(const struct oci_store *store, const struct oci_choice *choice,
			struct oci_image *image, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));

/* Fill a draft from the layers, and add the settings to it. 0, or -1 with a failure. */
int oci_image_unpack(const struct oci_store *store, const struct oci_image *image,
		     struct image_draft *draft, const struct unpack_options *options,
		     struct progress *progress, struct progress_count *count,
		     struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 4, 5, 6, 8), warn_unused_result));
