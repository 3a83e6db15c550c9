/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Bloom filter of host names. Every name that a program looks up is asked of
 * the hosts module, which nearly never has it: the filter says so without
 * opening the registry. It never says so of a name that was added to it. Pure:
 * no I/O, no allocation.
 *
 * B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors",
 * Communications of the ACM 13 (7), 1970.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes. A registry of too many names for this has no filter. */
#define FILTER_SIZE_MAX (128 * 1024)

/* Bytes of a filter for so many names: a power of two, or 0 if none is large enough. */
size_t filter_size_for(size_t names);

/* How many names a filter of so many bytes holds with at most one false "perhaps" in a hundred. */
size_t filter_capacity(size_t size);

/* The bits of a name: as many, by its hash, in a filter of `size` bytes. Bit b is in byte b / 8. */
#define FILTER_PROBES 5
uint64_t filter_hash(const char *name, size_t length);
void filter_probes(uint64_t hash, size_t size, uint32_t bits[static FILTER_PROBES]);

/* Add a folded name. Returns whether that changed the filter. */
bool filter_add(uint8_t *filter, size_t size, const char *name, size_t length);

/* False if the name was never added. */
bool filter_may_have(const uint8_t *filter, size_t size, const char *name, size_t length);
