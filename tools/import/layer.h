/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of OCI images, unpacked one over the other into one directory, in a process as unpack.h's. */
#pragma once

#include "tools/fetch/digest.h"
#include "tools/import/unpack.h"

struct layer {
	int fd; /* of the file: the archive, compressed or not */
	uint64_t size;
	struct digest digest; /* of the archive when it isn't compressed */
};

/*
 * Unpack a layer over the lower layers in the directory `target`. The digest is checked while the
 * archive is read. `options->limits` are for this layer. `count` becomes the number of its bytes
 * and entries. 0, or -1 with a failure; then the target contains a part of the layer.
 */
int layer_unpack(const struct layer *layer, bool is_lowest, int target,
		 const struct unpack_options *options, struct progress *progress,
		 struct progress_count *count, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 4, 5, 6, 8), warn_unused_result));
