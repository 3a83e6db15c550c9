/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/filter.h"

/* Ten bits a name and five probes: one false "perhaps" in 105. */
#define BITS_PER_NAME	10
#define FILTER_SIZE_MIN 64

size_t filter_capacity(size_t size)
{
	return size * 8 / BITS_PER_NAME;
}

size_t filter_size_for(size_t names)
{
	size_t size = FILTER_SIZE_MIN;

	while (size <= FILTER_SIZE_MAX && filter_capacity(size) < names)
		size *= 2;
	return size <= FILTER_SIZE_MAX ? size : 0;
}

/* 64-bit FNV-1a (draft-eastlake-fnv), mixed once more, as its low bits alone are weak. */
uint64_t filter_hash(const char *name, size_t length)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (uint8_t) name[i]) * 0x100000001b3u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	return h ^ h >> 33;
}

void filter_probes(uint64_t hash, size_t size, uint32_t bits[static FILTER_PROBES])
{
	/* Double hashing: probe i is a + i * b, with b odd, modulo the number of bits. */
	uint32_t a = (uint32_t) hash, b = (uint32_t) (hash >> 32) | 1;

	for (uint32_t i = 0; i < FILTER_PROBES; i++)
		bits[i] = (a + i * b) & (uint32_t) (size * 8 - 1);
}

bool filter_add(uint8_t *filter, size_t size, const char *name, size_t length)
{
	uint32_t bits[FILTER_PROBES];
	bool changed = false;

	filter_probes(filter_hash(name, length), size, bits);
	for (unsigned int i = 0; i < FILTER_PROBES; i++) {
		uint8_t mask = (uint8_t) (1u << bits[i] % 8);

		changed = changed || !(filter[bits[i] / 8] & mask);
		filter[bits[i] / 8] |= mask;
	}
	return changed;
}

bool filter_may_have(const uint8_t *filter, size_t size, const char *name, size_t length)
{
	uint32_t bits[FILTER_PROBES];

	filter_probes(filter_hash(name, length), size, bits);
	for (unsigned int i = 0; i < FILTER_PROBES; i++)
		if (!(filter[bits[i] / 8] & 1u << bits[i] % 8))
			return false;
	return true;
}
