/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Bloom filter of host names. Every name that a program looks up passes
 * through the hosts module, nearly always as a miss: the filter says "not
 * here" without opening the registry. It never says so of a name that it was
 * given. Pure: no I/O, no allocation.
 *
 * B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors",
 * Communications of the ACM 13 (7), 1970.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes. A registry of more names than this holds goes without. */
#define FILTER_SIZE_MAX (128 * 1024)

/* Bytes of a filter for so many names, a power of two, or 0 where none is large enough. */
size_t filter_size_for(size_t names);

/* How many names a filter of so many bytes holds with at most one false "perhaps" in a hundred. */
size_t filter_capacity(size_t size);

/* Add a folded name. Returns whether the filter is another one now. */
bool filter_add(uint8_t *bits, size_t size, const char *name, size_t length);

/* False if the name was never added. */
bool filter_may_have(const uint8_t *bits, size_t size, const char *name, size_t length);
