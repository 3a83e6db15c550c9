/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of bytes in words. */
#pragma once

#include <stdint.h>

/*
 * Parse "512", "10G" or "1.5T": a number, and a unit to the base of 1024 (B, K, M, G, T, P or E, in
 * either case). 0, -EINVAL, or -ERANGE above INT64_MAX.
 */
int size_parse(const char *text, uint64_t *bytes) __attribute__((nonnull));
