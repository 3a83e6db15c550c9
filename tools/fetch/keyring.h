/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that may sign images, and whether a key was valid when it signed. gpgv(1) accepts each key
 * of a keyring, so expiry and revocation are checked here. The signatures on the keys themselves
 * aren't verified: whoever may write the keyring is trusted.
 */
#pragma once

#include "base/notices.h"
#include "tools/fetch/digest.h"
#include "tools/fetch/openpgp.h"

enum key_revocation {
	KEY_NOT_REVOKED,
	KEY_REVOKED_LATER, /* superseded or retired: earlier signatures stay valid */
	KEY_REVOKED,	   /* compromised, or no reason given: no signature is valid */
};

struct pgp_key {
	uint8_t fingerprint[FINGERPRINT_SIZE];
	const struct pgp_key *primary; /* of a subkey; itself otherwise */
	uint32_t created;
	bool is_bound;	   /* it has a signature of the primary key about it */
	uint32_t bound_at; /* the time of the newest one, which is used */
	uint64_t expires;  /* 0 is never */
	bool may_sign;
	bool has_consent; /* a subkey's own signature */
	enum key_revocation revocation;
	uint32_t revoked_at;
	const char *user_id; /* the first one, of the primary key; "" if it has none */
};

struct keyring {
	struct arena *arena;
	struct pgp_key **keys;
	size_t n_keys;
	struct keyring_file *files; /* their packets, for gpgv */
	size_t n_files;
	const char *places; /* where they were looked for, in words */
};

struct keyring_file {
	const uint8_t *bytes;
	size_t size;
};

/*
 * Add the keys of a keyring, armoured or not. The bytes are copied. 0, or -1 with a failure, and
 * nothing is added.
 */
int keyring_add(struct keyring *keyring, const void *bytes, size_t size, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Read the keyrings of this host: all of SYSCONFDIR/mymachines/keyring.d, and that of systemd. One that
 * can't be read, or that others than root may write, is a warning. `arena` keeps them.
 */
void keyring_load(struct keyring *keyring, struct arena *arena, struct notices *notices);

/* The key of a fingerprint, or NULL. */
const struct pgp_key *keyring_find(const struct keyring *keyring,
				   const uint8_t fingerprint[static FINGERPRINT_SIZE]);

/*
 * Whether a key of the keyring was valid at the time of a signature, in seconds since 1970. `now`
 * is the present time. If several files have the key, one copy must be valid and none revoked. 0,
 * or -1 with the reason.
 */
int keyring_judge(const struct keyring *keyring, const uint8_t fingerprint[static FINGERPRINT_SIZE],
		  uint64_t signed_at, uint64_t now, const struct pgp_key **key,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));

#define FINGERPRINT_TEXT_SIZE (2 * FINGERPRINT_SIZE + 1)
char *fingerprint_format(const uint8_t fingerprint[static FINGERPRINT_SIZE],
			 char text[static FINGERPRINT_TEXT_SIZE]);

/* Parse forty hexadecimal digits. */
bool fingerprint_parse(const char *text, uint8_t fingerprint[static FINGERPRINT_SIZE]);
