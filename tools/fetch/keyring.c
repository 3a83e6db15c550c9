/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/keyring.h"

#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Hash algorithms of OpenPGP: section 9.4. */
#define HASH_MD5 1

/* The algorithms whose keys can sign: section 9.1, and EdDSA's. */
static bool algorithm_signs(uint8_t algorithm)
{
	return algorithm == 1 || algorithm == 3 || algorithm == 17 || algorithm == 19 ||
	       algorithm == 22 || algorithm == 27 || algorithm == 28;
}

/* A keyring while it is read. */
struct reading {
	struct keyring *keyring;
	struct pgp_key
		*primary;    /* the key of the packets that follow; NULL if it isn't of version 4 */
	struct pgp_key *key; /* the last key or subkey; NULL likewise */
	bool is_user_id;     /* the last packet before these signatures was a user id */
	size_t n_keys;
};

static struct pgp_key *add_key(struct reading *reading, const struct packet *packet)
{
	struct keyring *keyring = reading->keyring;
	struct pgp_key *key;
	uint8_t *bytes;

	if (packet->size < 6 || packet->size > UINT16_MAX || packet->body[0] != 4)
		return NULL;
	key = arena_alloc(keyring->arena, sizeof *key);
	bytes = arena_alloc(keyring->arena, packet->size + 3);
	bytes[0] = 0x99;
	bytes[1] = (uint8_t) (packet->size >> 8);
	bytes[2] = (uint8_t) packet->size;
	memcpy(bytes + 3, packet->body, packet->size);
	fingerprint_of(bytes, packet->size + 3, key->fingerprint);
	key->created = (uint32_t) packet->body[1] << 24 | (uint32_t) packet->body[2] << 16 |
		       (uint32_t) packet->body[3] << 8 | packet->body[4];
	key->may_sign = algorithm_signs(packet->body[5]);
	key->user_id = "";
	keyring->keys =
		arena_grow(keyring->arena, keyring->keys, keyring->n_keys, sizeof *keyring->keys);
	keyring->keys[keyring->n_keys++] = key;
	reading->n_keys++;
	return key;
}

/*
 * Take over what the primary key states about a key. The newest signature counts; of two with the
 * same time, the stricter one.
 */
static void bind_key(struct pgp_key *key, const struct pgp_signature *s)
{
	uint64_t expires = s->key_lifetime ? (uint64_t) key->created + s->key_lifetime : 0;

	if (key->is_bound && s->created < key->bound_at)
		return;
	if (key->is_bound && s->created == key->bound_at) {
		if (expires && (!key->expires || expires < key->expires))
			key->expires = expires;
		if (s->has_key_flags && !(s->key_flags & KEY_FLAG_SIGN))
			key->may_sign = false;
		return;
	}
	key->is_bound = true;
	key->bound_at = s->created;
	key->expires = expires;
	key->has_consent = s->has_consent;
	if (s->has_key_flags)
		key->may_sign = s->key_flags & KEY_FLAG_SIGN;
}

static void revoke_key(struct pgp_key *key, const struct pgp_signature *s)
{
	bool is_soft = s->has_reason && (s->reason == 1 || s->reason == 3);

	if (!is_soft) {
		key->revocation = KEY_REVOKED;
		return;
	}
	if (key->revocation == KEY_REVOKED_LATER && key->revoked_at <= s->created)
		return;
	if (key->revocation == KEY_NOT_REVOKED || key->revocation == KEY_REVOKED_LATER) {
		key->revocation = KEY_REVOKED_LATER;
		key->revoked_at = s->created;
	}
}

static bool is_by(const struct pgp_signature *s, const struct pgp_key *key)
{
	return s->has_issuer && memcmp(s->issuer, key->fingerprint + FINGERPRINT_SIZE - KEY_ID_SIZE,
				       KEY_ID_SIZE) == 0;
}

static void read_signature(struct reading *reading, const struct packet *packet)
{
	struct pgp_signature s;

	if (!reading->primary || !reading->key ||
	    !pgp_signature_parse(packet->body, packet->size, &s))
		return;
	/* A revocation without an issuer counts, too. */
	if (s.type == SIGNATURE_KEY_REVOCATION && (!s.has_issuer || is_by(&s, reading->primary)))
		revoke_key(reading->primary, &s);
	else if (s.type == SIGNATURE_SUBKEY_REVOCATION && reading->key != reading->primary &&
		 (!s.has_issuer || is_by(&s, reading->primary)))
		revoke_key(reading->key, &s);
	if (!is_by(&s, reading->primary) || s.hash == HASH_MD5)
		return;
	if (s.type == SIGNATURE_SUBKEY && reading->key != reading->primary)
		bind_key(reading->key, &s);
	else if (s.type == SIGNATURE_DIRECT && reading->key == reading->primary)
		bind_key(reading->primary, &s);
	else if (reading->is_user_id && s.type >= SIGNATURE_CERTIFICATION &&
		 s.type <= SIGNATURE_CERTIFICATION_LAST)
		bind_key(reading->primary, &s);
}

static void read_user_id(struct reading *reading, const struct packet *packet)
{
	char *text;

	reading->is_user_id = true;
	if (!reading->primary || *reading->primary->user_id || packet->tag != PACKET_USER_ID)
		return;
	text = arena_alloc(reading->keyring->arena, packet->size + 1);
	memcpy(text, packet->body, packet->size);
	reading->primary->user_id = text;
}

static void read_packet(struct reading *reading, const struct packet *packet)
{
	switch (packet->tag) {
	case PACKET_KEY:
		reading->primary = reading->key = add_key(reading, packet);
		if (reading->primary)
			reading->primary->primary = reading->primary;
		reading->is_user_id = false;
		break;
	case PACKET_SUBKEY:
		reading->key = reading->primary ? add_key(reading, packet) : NULL;
		if (reading->key)
			reading->key->primary = reading->primary;
		reading->is_user_id = false;
		break;
	case PACKET_USER_ID:
	case PACKET_USER_ATTRIBUTE: read_user_id(reading, packet); break;
	case PACKET_SIGNATURE: read_signature(reading, packet); break;
	}
}

static int add_packets(struct keyring *keyring, const uint8_t *bytes, size_t size,
		       struct failure *f)
{
	struct packets packets = { bytes, size };
	struct reading reading = { .keyring = keyring };
	size_t n_before = keyring->n_keys;
	struct packet packet;
	int r;

	while ((r = packets_next(&packets, &packet)) > 0)
		read_packet(&reading, &packet);
	if (r == 0 && reading.n_keys)
		return 0;
	keyring->n_keys = n_before;
	if (r == 0)
		return failure_set(f, FAILURE_INVALID, "it has no OpenPGP key of version 4");
	return failure_set(f, FAILURE_INVALID, "it is not an OpenPGP keyring, or it is damaged");
}

int keyring_add(struct keyring *keyring, const void *bytes, size_t size, struct failure *f)
{
	uint8_t *packets = (uint8_t *) bytes;
	struct keyring_file *files;

	if (size >= 12 && memcmp((const char *) bytes + 8, "KBXf", 4) == 0)
		return failure_set(f, FAILURE_INVALID,
				   "it is a keybox of GnuPG's; write the keys to a keyring with "
				   "'gpg --export KEY >FILE'");
	if (!is_armoured(bytes, size))
		packets = arena_copy(keyring->arena, bytes, size);
	else if (armour_remove(keyring->arena, bytes, size, "PUBLIC KEY BLOCK", &packets, &size) <
		 0)
		return failure_set(f, FAILURE_INVALID,
				   "it is not an OpenPGP keyring, or it is damaged");
	if (add_packets(keyring, packets, size, f) < 0)
		return -1;
	files = arena_grow(keyring->arena, keyring->files, keyring->n_files, sizeof *files);
	files[keyring->n_files++] = (struct keyring_file){ packets, size };
	keyring->files = files;
	return 0;
}

const struct pgp_key *keyring_find(const struct keyring *keyring,
				   const uint8_t fingerprint[static FINGERPRINT_SIZE])
{
	for (size_t i = 0; i < keyring->n_keys; i++)
		if (memcmp(keyring->keys[i]->fingerprint, fingerprint, FINGERPRINT_SIZE) == 0)
			return keyring->keys[i];
	return NULL;
}

static const char *date_format(uint64_t seconds, char text[static 32])
{
	time_t time = (time_t) seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(text, 32, "%Y-%m-%d", &tm))
		snprintf(text, 32, "?");
	return text;
}

static const char *key_kind(const struct pgp_key *key)
{
	return key == key->primary ? "key" : "subkey";
}

static int judge_revocation(const struct pgp_key *key, uint64_t signed_at, struct failure *f)
{
	char name[FINGERPRINT_TEXT_SIZE], then[32], date[32];

	fingerprint_format(key->fingerprint, name);
	if (key->revocation == KEY_REVOKED)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "the %s %s is revoked, as compromised or without a reason",
				   key_kind(key), name);
	if (key->revocation == KEY_REVOKED_LATER && signed_at >= key->revoked_at)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "the %s %s was revoked on %s, before it signed this on %s",
				   key_kind(key), name, date_format(key->revoked_at, then),
				   date_format(signed_at, date));
	return 0;
}

static int judge_time(const struct pgp_key *key, uint64_t signed_at, struct failure *f)
{
	char name[FINGERPRINT_TEXT_SIZE], then[32], date[32];

	fingerprint_format(key->fingerprint, name);
	date_format(signed_at, date);
	if (!key->is_bound)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "the %s %s has no signature of its primary key in the keyring",
				   key_kind(key), name);
	if (key->expires && signed_at >= key->expires)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"the %s %s expired on %s, before it signed this on %s; if its owner "
			"has extended it, put the new key into the keyring",
			key_kind(key), name, date_format(key->expires, then), date);
	if (signed_at < key->created)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "the signature is of %s, before the %s %s was made on %s", date,
				   key_kind(key), name, date_format(key->created, then));
	return 0;
}

/* Check one copy of the key, and its primary key. */
static int judge_key(const struct pgp_key *key, uint64_t signed_at, struct failure *f)
{
	char name[FINGERPRINT_TEXT_SIZE];

	fingerprint_format(key->fingerprint, name);
	if (judge_time(key->primary, signed_at, f) < 0)
		return -1;
	if (key != key->primary && judge_time(key, signed_at, f) < 0)
		return -1;
	if (!key->may_sign)
		return failure_set(f, FAILURE_NOT_PERMITTED, "the %s %s is not meant for signing",
				   key_kind(key), name);
	if (key != key->primary && !key->has_consent)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"the subkey %s has not signed that it belongs to its primary key", name);
	return 0;
}

int keyring_judge(const struct keyring *keyring, const uint8_t fingerprint[static FINGERPRINT_SIZE],
		  uint64_t signed_at, uint64_t now, const struct pgp_key **key, struct failure *f)
{
	char name[FINGERPRINT_TEXT_SIZE], date[32];
	const struct pgp_key *good = NULL;
	struct failure why = { 0 };

	/* Clocks of hosts differ, by a time zone at most. */
	if (signed_at > now + 24 * 60 * 60)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "the signature of key %s is of %s, which is in the future; see "
				   "whether this host's clock is right",
				   fingerprint_format(fingerprint, name),
				   date_format(signed_at, date));
	for (size_t i = 0; i < keyring->n_keys; i++) {
		const struct pgp_key *k = keyring->keys[i];

		if (memcmp(k->fingerprint, fingerprint, FINGERPRINT_SIZE) != 0)
			continue;
		if (judge_revocation(k->primary, signed_at, f) < 0 ||
		    judge_revocation(k, signed_at, f) < 0)
			return -1;
		if (!good && judge_key(k, signed_at, &why) == 0)
			good = k;
	}
	if (!good) {
		*f = why;
		return -1;
	}
	*key = good;
	return 0;
}

char *fingerprint_format(const uint8_t fingerprint[static FINGERPRINT_SIZE],
			 char text[static FINGERPRINT_TEXT_SIZE])
{
	for (size_t i = 0; i < FINGERPRINT_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02X", fingerprint[i]);
	return text;
}

bool fingerprint_parse(const char *text, uint8_t fingerprint[static FINGERPRINT_SIZE])
{
	return hex_decode(text, fingerprint, FINGERPRINT_SIZE) && !text[2 * FINGERPRINT_SIZE];
}
