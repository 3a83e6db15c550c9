/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kind of processor that an image's programs are for. */
#pragma once

#include "tools/images/image.h"

#include <stdbool.h>

/*
 * As uname(2) and QEMU call it, such as "aarch64": of a tree by its init or shell; of a disk by the types of its
 * partitions for a root directory, or the names of its programs for UEFI. NULL if nothing tells it.
 */
const char *image_architecture(const struct image *image) __attribute__((nonnull));

/* Whether this host's kernel starts programs of that kind: by itself, or with QEMU by binfmt_misc. */
bool architecture_runs_here(const char *architecture) __attribute__((nonnull));
