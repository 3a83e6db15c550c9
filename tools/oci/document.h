/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON documents of an image, in OCI's and in Docker's media types: an index lists images for several
 * platforms, a manifest lists the layers of one image; both name other documents by size and digest.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/digest.h"
#include "tools/oci/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCI_DOCUMENT_SIZE_MAX ((uint64_t) 4 * 1024 * 1024)
#define OCI_LAYERS_MAX	      256

/* The media types to ask a registry for: the value of the header Accept. */
#define OCI_DOCUMENT_TYPES                                                                         \
	"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "    \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                              \
	"application/vnd.docker.distribution.manifest.v2+json"

struct oci_descriptor {
	const char *type; /* the media type, or "" */
	struct digest digest;
	uint64_t size;
	bool has_platform;
	struct oci_platform platform;
	const char *name; /* its name in a layout, or "" */
};

/* All in an arena. */
struct oci_document {
	bool is_index;
	struct oci_descriptor
		*items; /* the images of an index, or the layers of a manifest, the lowest first */
	size_t n_items;
	struct oci_descriptor configuration; /* of a manifest */
};

/*
 * Parse an index or a manifest. `type` is the media type that the registry or the index gave for it, or "".
 * 0, or -1 with a failure.
 */
int oci_document_parse(struct arena *arena, const char *text, size_t size, const char *type,
		       struct oci_document *document, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The media type without parameters. In the arena. */
const char *oci_media_type(struct arena *arena, const char *content_type);

/*
 * Choose the image of an index for a platform. `name` is the image's name in a layout, or NULL for any
 * image. Returns it, or NULL with a failure that lists what there is.
 */
const struct oci_descriptor *oci_index_choose(struct arena *arena,
					      const struct oci_document *document,
					      const struct oci_platform *platform, const char *name,
					      struct failure *failure);

/* Whether an image of this name was asked for: the names are the same, or `has` ends in a colon and the other. */
bool oci_names_match(const char *has, const char *name);

/* Whether registries need not keep this layer, because its files may not be redistributed. */
bool oci_layer_is_foreign(const struct oci_descriptor *layer);
