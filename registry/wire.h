/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounded cursors over bytes. An error is kept: read or write all fields, and
 * check `failed` once, at the end. Integers are in host byte order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

/* The next `size` bytes, in place; NULL after any failure. */
static inline const void *wire_take(struct wire_reader *r, size_t size)
{
	const uint8_t *at = r->at;

	if (r->failed || size > (size_t) (r->end - at)) {
		r->failed = true;
		return NULL;
	}
	r->at += size;
	return at;
}

static inline void wire_get(struct wire_reader *r, void *to, size_t size)
{
	const void *from = wire_take(r, size);

	if (from)
		memcpy(to, from, size);
	else
		memset(to, 0, size);
}

static inline uint16_t wire_get_u16(struct wire_reader *r)
{
	uint16_t value;

	wire_get(r, &value, sizeof value);
	return value;
}

static inline uint32_t wire_get_u32(struct wire_reader *r)
{
	uint32_t value;

	wire_get(r, &value, sizeof value);
	return value;
}

static inline uint64_t wire_get_u64(struct wire_reader *r)
{
	uint64_t value;

	wire_get(r, &value, sizeof value);
	return value;
}

struct wire_writer {
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

static inline void wire_put(struct wire_writer *w, const void *from, size_t size)
{
	if (w->failed || size > (size_t) (w->end - w->at)) {
		w->failed = true;
		return;
	}
	if (size)
		memcpy(w->at, from, size);
	w->at += size;
}

static inline void wire_put_u16(struct wire_writer *w, uint16_t value)
{
	wire_put(w, &value, sizeof value);
}

static inline void wire_put_u32(struct wire_writer *w, uint32_t value)
{
	wire_put(w, &value, sizeof value);
}

static inline void wire_put_u64(struct wire_writer *w, uint64_t value)
{
	wire_put(w, &value, sizeof value);
}
