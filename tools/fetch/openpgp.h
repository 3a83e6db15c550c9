/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenPGP packets, RFC 4880, read with bounds: the facts in keyrings and signatures. gpgv does the
 * cryptography.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_tag {
	PACKET_SIGNATURE = 2,
	PACKET_KEY = 6,
	PACKET_USER_ID = 13,
	PACKET_SUBKEY = 14,
	PACKET_USER_ATTRIBUTE = 17,
};

struct packet {
	unsigned int tag;
	const uint8_t *body;
	size_t size;
};

/* The bytes that aren't read yet. */
struct packets {
	const uint8_t *at;
	size_t left;
};

/* Take the next packet. 1; 0 at the end; -1 if the bytes aren't a packet of a known length. */
int packets_next(struct packets *packets, struct packet *packet);

enum signature_type {
	SIGNATURE_BINARY = 0x00,
	SIGNATURE_TEXT = 0x01,
	SIGNATURE_CERTIFICATION = 0x10, /* and the three that follow */
	SIGNATURE_CERTIFICATION_LAST = 0x13,
	SIGNATURE_SUBKEY = 0x18,
	SIGNATURE_PRIMARY = 0x19, /* a subkey's signature about its primary key */
	SIGNATURE_DIRECT = 0x1f,
	SIGNATURE_KEY_REVOCATION = 0x20,
	SIGNATURE_SUBKEY_REVOCATION = 0x28,
};

#define KEY_ID_SIZE	 8
#define KEY_FLAG_SIGN	 0x02
#define KEY_ID_TEXT_SIZE (2 * KEY_ID_SIZE + 1)

struct pgp_signature {
	uint8_t type;
	uint8_t hash; /* its algorithm */
	uint32_t created;
	bool has_issuer;
	uint8_t issuer[KEY_ID_SIZE];
	uint32_t key_lifetime; /* seconds; 0 is for ever */
	bool has_key_flags;
	uint8_t key_flags;
	bool has_consent; /* a signature of the subkey is in it */
	bool has_reason;
	uint8_t reason; /* of a revocation */
};

/*
 * Parse the body of a signature packet. Only signed subpackets count, except for the issuer. False
 * if it isn't valid, or has a critical subpacket that isn't known.
 */
bool pgp_signature_parse(const uint8_t *body, size_t size, struct pgp_signature *signature);

/* Whether bytes are text with armour, and not packets: these begin with a byte above 0x7f. */
bool is_armoured(const void *bytes, size_t size);

/*
 * Take armour away: of all blocks "-----BEGIN PGP KIND-----" of a text, one behind the other. 0, or
 * -EBADMSG if there is none, or one is damaged.
 */
int armour_remove(struct arena *arena, const char *text, size_t size, const char *kind,
		  uint8_t **bytes, size_t *bytes_size);
