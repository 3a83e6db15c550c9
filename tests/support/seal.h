/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of damaged registries. */
#pragma once

#include "registry/file.h"

#include <string.h>

/* Put back what says that a registry is whole, of this boot, and of its generation. */
static inline void seal_as(struct registry_meta *meta, const struct registry_meta *good)
{
	memcpy(meta->magic, good->magic, sizeof meta->magic);
	meta->version = good->version;
	meta->byte_order = good->byte_order;
	meta->generation = good->generation;
	meta->file_size = good->file_size;
	meta->pages_size = good->pages_size;
	meta->filter_size = good->filter_size;
	meta->context = good->context;
}
