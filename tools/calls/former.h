/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that ends while another one is registered by its name. */
#pragma once

#include <stdint.h>

/*
 * If another leader than this pid has the name, and was killed or exits, wait until it has ended,
 * for 5 seconds at most: a container's leader ends after all its processes. For a child, as it
 * blocks.
 */
void former_wait(const char *name, int64_t leader) __attribute__((nonnull));
