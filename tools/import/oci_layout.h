/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images in files: a directory in OCI's layout, as skopeo(1) and "podman save" write it, or what "docker save"
 * writes, unpacked.
 */
#pragma once

#include "tools/import/oci_image.h"

struct oci_layout {
	struct arena *arena;
	int directory; /* borrowed */
	int layer;     /* the layer that is open, or -1 */
	bool is_docker;
};

/*
 * Read a directory, and set up a store for it. 0, or -1 with a failure if it has neither form.
 * Close it after a success.
 */
int oci_layout_open(struct oci_layout *layout, struct arena *arena, int directory,
		    struct oci_store *store, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Find the manifest of an image. 0, or -1 with a failure. */
int oci_layout_find(const struct oci_layout *layout, const struct oci_store *store,
		    const struct oci_choice *choice, struct oci_image *image,
		    struct failure *failure) __attribute__((nonnull, warn_unused_result));

void oci_layout_close(struct oci_layout *layout) __attribute__((nonnull));
