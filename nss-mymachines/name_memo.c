/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which names the registry lacks: its name filter. */
#include "nss-mymachines/memo.h"

#include "registry/filter.h"

#include <endian.h>

#define CHUNK_SIZE 4096

static struct {
	struct sequence_lock lock;
	struct memo_identity identity;
	_Atomic uint32_t
		size; /* bytes of the filter; 0: the snapshot has none, or it isn't known */
} names MEMO_HOT;

MEMO_TABLE static _Atomic uint64_t filter[FILTER_SIZE_MAX / sizeof(uint64_t)];

/* Whether all bits of a name that is in the filter are set. */
static bool may_have(const uint32_t bits[static FILTER_PROBES])
{
	for (unsigned int i = 0; i < FILTER_PROBES; i++)
		if (!(load64(&filter[bits[i] / 64]) >> bits[i] % 64 & 1))
			return false;
	return true;
}

bool memo_lacks_name(const struct registry_identity *now, const char *folded, size_t length)
{
	const uint64_t hash = filter_hash(folded, length);

	for (int i = 0; i < SEQUENCE_READS; i++) {
		uint32_t bits[FILTER_PROBES], size;
		unsigned int count;
		bool lacks;

		if (!sequence_read_begin(&names.lock, &count))
			continue;
		size = load32(&names.size);
		if (size == 0 || size > FILTER_SIZE_MAX || !memo_is_of(&names.identity, now))
			return false;
		filter_probes(hash, size, bits);
		lacks = !may_have(bits);
		if (sequence_read_is_good(&names.lock, count))
			return lacks;
	}
	return false;
}

static bool read_filter(const struct snapshot *s)
{
	const uint32_t size = s->meta.filter_size;
	uint64_t chunk[CHUNK_SIZE / sizeof(uint64_t)];

	for (uint32_t at = 0; at < size; at += CHUNK_SIZE) {
		uint32_t bytes = size - at < CHUNK_SIZE ? size - at : CHUNK_SIZE;

		if (registry_filter_read(s->pages.fd, &s->meta, at, chunk, bytes) < 0)
			return false;
		/* The first byte of a word has its lowest bits. */
		for (uint32_t i = 0; i < bytes / sizeof *chunk; i++)
			store64(&filter[at / sizeof *chunk + i], le64toh(chunk[i]));
	}
	return true;
}

void memo_learn_names(const struct snapshot *s)
{
	if (!memo_knew_registry(s) || s->meta.filter_size < sizeof(uint64_t) ||
	    (memo_is_of(&names.identity, &s->identity) && load32(&names.size)) ||
	    !sequence_write_begin(&names.lock))
		return;
	store32(&names.size, 0);
	if (read_filter(s)) {
		memo_set_identity(&names.identity, &s->identity);
		store32(&names.size, s->meta.filter_size);
	}
	sequence_write_end(&names.lock);
}
