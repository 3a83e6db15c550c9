/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that many threads read and one at a time writes, without anybody
 * waiting: a writer that finds another one at work goes without, and a reader
 * that was disturbed reads again, a few times. So a fork(2) in another thread
 * can't make anybody wait for ever.
 *
 * The memory is made of atomic words, which are stored with release and loaded
 * with acquire order: so a reader that sees a word of a later writing sees its
 * odd count, too. (H.-J. Boehm, "Can seqlocks get along with programming
 * language memory models?", MSPC 2012, section 4.)
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sequence_lock {
	atomic_uint count; /* odd: it is being written */
};

/* Readers try so often: longer than it takes to write. */
#define SEQUENCE_READS 100

static inline bool sequence_write_begin(struct sequence_lock *lock)
{
	unsigned int count = atomic_load_explicit(&lock->count, memory_order_relaxed);

	return !(count & 1) &&
	       atomic_compare_exchange_strong_explicit(&lock->count, &count, count + 1,
						       memory_order_acquire, memory_order_relaxed);
}

static inline void sequence_write_end(struct sequence_lock *lock)
{
	atomic_fetch_add_explicit(&lock->count, 1, memory_order_release);
}

/* False while it is being written. `count` is for sequence_read_is_good(). */
static inline bool sequence_read_begin(struct sequence_lock *lock, unsigned int *count)
{
	*count = atomic_load_explicit(&lock->count, memory_order_acquire);
	return !(*count & 1);
}

/* Whether the words that were loaded since are of one writing. */
static inline bool sequence_read_is_good(struct sequence_lock *lock, unsigned int count)
{
	return atomic_load_explicit(&lock->count, memory_order_relaxed) == count;
}

static inline uint32_t load32(const _Atomic uint32_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

static inline void store32(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

static inline uint64_t load64(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

static inline void store64(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

/* Bytes in words. `to` has room for `words` of them. */
static inline void load_words(uint64_t *to, const _Atomic uint64_t *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] = load64(&from[i]);
}

/* Whole pages that store_bytes() has stored. */
static inline void load_page(void *to, const _Atomic uint64_t *from, size_t size)
{
	char *bytes = to;

	for (; size >= 4 * sizeof(uint64_t); size -= 4 * sizeof(uint64_t)) {
		const uint64_t words[4] = { load64(from), load64(from + 1), load64(from + 2),
					    load64(from + 3) };

		memcpy(bytes, words, sizeof words);
		bytes += sizeof words;
		from += 4;
	}
}

/* The last word is filled up with zeros. */
static inline void store_bytes(_Atomic uint64_t *to, const void *from, size_t size)
{
	const char *bytes = from;
	uint64_t word;

	for (; size >= sizeof word; size -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		store64(to++, word);
		bytes += sizeof word;
	}
	if (size > 0) {
		word = 0;
		memcpy(&word, bytes, size);
		store64(to, word);
	}
}
