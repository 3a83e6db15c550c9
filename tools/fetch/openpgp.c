/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/openpgp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* Read the length in a header of the old format, section 4.2.1. False for an indeterminate length. */
static bool take_old_length(struct packets *p, unsigned int type, size_t *length)
{
	size_t size = (size_t) 1 << type;

	if (type > 2 || p->left < size)
		return false;
	*length = 0;
	for (size_t i = 0; i < size; i++)
		*length = *length << 8 | p->at[i];
	p->at += size;
	p->left -= size;
	return true;
}

/* The same in the new format, and in subpackets: sections 4.2.2 and 5.2.3.1. */
static bool take_length(struct packets *p, bool is_subpacket, size_t *length)
{
	size_t size = 1;

	if (p->left < 1)
		return false;
	if (p->at[0] < 192) {
		*length = p->at[0];
	} else if (p->at[0] == 255) {
		size = 5;
		if (p->left < size)
			return false;
		*length = read_u32(p->at + 1);
	} else if (p->at[0] < 224 || is_subpacket) {
		size = 2;
		if (p->left < size)
			return false;
		*length = ((size_t) (p->at[0] - 192) << 8) + p->at[1] + 192;
	} else {
		return false;
	}
	p->at += size;
	p->left -= size;
	return true;
}

int packets_next(struct packets *packets, struct packet *packet)
{
	struct packets p = *packets;
	struct packet found;
	uint8_t first;

	if (p.left == 0)
		return 0;
	first = *p.at++;
	p.left--;
	if (!(first & 0x80))
		return -1;
	if (first & 0x40) {
		found.tag = first & 0x3f;
		if (!take_length(&p, false, &found.size))
			return -1;
	} else {
		found.tag = first >> 2 & 0xf;
		if (!take_old_length(&p, first & 3, &found.size))
			return -1;
	}
	if (found.size > p.left || found.tag == 0)
		return -1;
	found.body = p.at;
	p.at += found.size;
	p.left -= found.size;
	*packets = p;
	*packet = found;
	return 1;
}

static void set_issuer(struct pgp_signature *s, const uint8_t *id)
{
	s->has_issuer = true;
	memcpy(s->issuer, id, KEY_ID_SIZE);
}

/* One subpacket. False for a critical one that isn't known, or one that isn't valid. */
static bool read_subpacket(struct pgp_signature *s, const uint8_t *p, size_t size, bool is_hashed)
{
	unsigned int type = p[0] & 0x7f;
	bool is_critical = p[0] & 0x80;

	p++;
	size--;
	switch (type) {
	case 16: /* issuer */
		if (size != KEY_ID_SIZE)
			return false;
		set_issuer(s, p);
		return true;
	case 33: /* issuer's fingerprint; of version 4, its end is the id */
		if (size == 21 && p[0] == 4)
			set_issuer(s, p + 13);
		return true;
	case 32: /* embedded signature */
		if (size > 2 && p[0] == 4 && p[1] == SIGNATURE_PRIMARY)
			s->has_consent = true;
		return true;
	}
	if (!is_hashed)
		return true;
	switch (type) {
	case 2: /* creation time */
		if (size != 4)
			return false;
		s->created = read_u32(p);
		return true;
	case 9: /* key expiration time */
		if (size != 4)
			return false;
		s->key_lifetime = read_u32(p);
		return true;
	case 27: /* key flags */
		s->has_key_flags = true;
		s->key_flags = size ? p[0] : 0;
		return true;
	case 29: /* reason for revocation */
		s->has_reason = size > 0;
		s->reason = size ? p[0] : 0;
		return true;
	case 3:	 /* expiration time: gpgv checks it */
	case 4:	 /* exportable */
	case 5:	 /* trust */
	case 6:	 /* regular expression */
	case 7:	 /* revocable */
	case 11: /* preferred algorithms, and others that don't concern validity */
	case 12:
	case 20:
	case 21:
	case 22:
	case 23:
	case 24:
	case 25:
	case 26:
	case 28:
	case 30:
	case 31:
	case 34:
	case 35: return true;
	default: return !is_critical;
	}
}

static bool read_subpackets(struct pgp_signature *s, struct packets p, bool is_hashed)
{
	while (p.left) {
		size_t length;

		if (!take_length(&p, true, &length) || length == 0 || length > p.left)
			return false;
		if (!read_subpacket(s, p.at, length, is_hashed))
			return false;
		p.at += length;
		p.left -= length;
	}
	return true;
}

/* Take a length of two bytes, and that many bytes. */
static bool take_area(struct packets *p, struct packets *area)
{
	size_t length;

	if (p->left < 2)
		return false;
	length = (size_t) p->at[0] << 8 | p->at[1];
	if (length > p->left - 2)
		return false;
	*area = (struct packets){ p->at + 2, length };
	p->at += 2 + length;
	p->left -= 2 + length;
	return true;
}

bool pgp_signature_parse(const uint8_t *body, size_t size, struct pgp_signature *signature)
{
	struct pgp_signature s = { 0 };
	struct packets rest, hashed, unhashed;

	if (size >= 19 && (body[0] == 3 || body[0] == 2) && body[1] == 5) {
		s.type = body[2];
		s.created = read_u32(body + 3);
		set_issuer(&s, body + 7);
		s.hash = body[16];
		*signature = s;
		return true;
	}
	if (size < 6 || body[0] != 4)
		return false;
	s.type = body[1];
	s.hash = body[3];
	rest = (struct packets){ body + 4, size - 4 };
	if (!take_area(&rest, &hashed) || !take_area(&rest, &unhashed) ||
	    !read_subpackets(&s, unhashed, false) || !read_subpackets(&s, hashed, true))
		return false;
	*signature = s;
	return true;
}

bool is_armoured(const void *bytes, size_t size)
{
	return size && *(const uint8_t *) bytes < 0x80;
}

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int) (at - digits) : -1;
}

/* The checksum of armour, section 6.1. */
static uint32_t crc24(const uint8_t *bytes, size_t size)
{
	uint32_t crc = 0xb704ce;

	for (size_t i = 0; i < size; i++) {
		crc ^= (uint32_t) bytes[i] << 16;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x800000 ? 0x1864cfb : 0);
		crc &= 0xffffff;
	}
	return crc;
}

/* Decode to `to`, which has room for three quarters of it. Returns the number of bytes, or -1. */
static ssize_t base64_decode(const char *text, size_t length, uint8_t *to)
{
	unsigned int bits = 0, n_bits = 0, n_digits = 0, n_padding = 0;
	size_t size = 0;

	for (size_t i = 0; i < length; i++) {
		int value;

		if (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t')
			continue;
		if (text[i] == '=') {
			n_padding++;
			continue;
		}
		value = base64_value(text[i]);
		if (value < 0 || n_padding)
			return -1;
		n_digits++;
		bits = (bits << 6 | (unsigned int) value) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			to[size++] = (uint8_t) (bits >> n_bits);
		}
	}
	return n_digits % 4 == 1 || n_padding > 2 ? -1 : (ssize_t) size;
}

/*
 * The text after a block's first line and headers, which end with an empty line. NULL without
 * an empty line.
 */
static const char *skip_headers(const char *at, const char *end)
{
	const char *line_end = memchr(at, '\n', (size_t) (end - at));

	while (line_end) {
		const char *line = line_end + 1, *p = line;

		line_end = memchr(line, '\n', (size_t) (end - line));
		while (line_end && p < line_end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		if (line_end && p == line_end)
			return line_end + 1;
	}
	return NULL;
}

/* Decode what is between a block's headers and its end, with its checksum if it has one. */
static ssize_t decode_block(const char *at, const char *end, uint8_t *to)
{
	const char *sum = memmem(at, (size_t) (end - at), "\n=", 2);
	ssize_t size = base64_decode(at, (size_t) ((sum ? sum : end) - at), to);
	uint8_t stored[4];

	if (size < 0 || !sum)
		return size;
	/* If one or two bytes remain, the last line may begin with padding. */
	if (end - sum < 6 || base64_decode(sum + 2, 4, stored) != 3)
		return -1;
	return ((uint32_t) stored[0] << 16 | (uint32_t) stored[1] << 8 | stored[2]) ==
			       crc24(to, (size_t) size)
		       ? size
		       : -1;
}

int armour_remove(struct arena *arena, const char *text, size_t size, const char *kind,
		  uint8_t **bytes, size_t *bytes_size)
{
	char first[64], last[64];
	const char *at = text, *end = text + size;
	uint8_t *to = arena_alloc(arena, size + 1);
	size_t length = 0;

	snprintf(first, sizeof first, "-----BEGIN PGP %s-----", kind);
	snprintf(last, sizeof last, "\n-----END PGP %s-----", kind);
	while ((at = memmem(at, (size_t) (end - at), first, strlen(first)))) {
		const char *block = skip_headers(at, end), *block_end = NULL;
		ssize_t n = -1;

		/* The line feed before it may be the empty line's. */
		if (block)
			block_end =
				memmem(block - 1, (size_t) (end - block + 1), last, strlen(last));
		if (block_end)
			n = decode_block(block, block_end < block ? block : block_end, to + length);
		if (n < 0)
			return -EBADMSG;
		length += (size_t) n;
		at = block_end + strlen(last);
	}
	if (length == 0)
		return -EBADMSG;
	*bytes = to;
	*bytes_size = length;
	return 0;
}
