/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/filter.h"

/* Ten bits a name and five probes: one false "perhaps" in 105. */
#define BITS_PER_NAME	10
#define PROBES		5
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

/* 64-bit FNV-1a (draft-eastlake-fnv), and a last mixing, as its low bits alone are weak. */
static uint64_t hash(const char *name, size_t length)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (uint8_t) name[i]) * 0x100000001b3u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	return h ^ h >> 33;
}

/* Double hashing: probe i is a + i * b, with b odd, modulo the size. */
static size_t probe(uint64_t h, unsigned int i, size_t size)
{
	uint32_t a = (uint32_t) h, b = (uint32_t) (h >> 32) | 1;

	return (a + i * b) & (size * 8 - 1);
}

bool filter_add(uint8_t *bits, size_t size, const char *name, size_t length)
{
	uint64_t h = hash(name, length);
	bool changed = false;

	for (unsigned int i = 0; i < PROBES; i++) {
		size_t bit = probe(h, i, size);
		uint8_t mask = (uint8_t) (1u << bit % 8);

		changed = changed || !(bits[bit / 8] & mask);
		bits[bit / 8] |= mask;
	}
	return changed;
}

bool filter_may_have(const uint8_t *bits, size_t size, const char *name, size_t length)
{
	uint64_t h = hash(name, length);

	for (unsigned int i = 0; i < PROBES; i++) {
		size_t bit = probe(h, i, size);

		if (!(bits[bit / 8] & 1u << bit % 8))
			return false;
	}
	return true;
}
