/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checking OpenPGP signatures. gpgv(1) verifies them, in a confined child with a deadline;
 * tools/fetch/keyring.h checks the keys and times.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/keyring.h"

/* The limit for a file of signatures, in bytes. */
#define SIGNATURE_SIZE_MAX (64 * 1024)

/* The key that signed. */
struct signer {
	const struct pgp_key *key;
	uint64_t signed_at; /* seconds since 1970 */
};

/* Detached signatures, without armour. */
struct signature {
	const uint8_t *bytes;
	size_t size;
};

/*
 * Read signatures from a file's bytes, armoured or not. The bytes must stay valid. 0, or -1 with a
 * failure.
 */
int signature_read(struct arena *arena, const void *bytes, size_t size, struct signature *signature,
		   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Check that the contents of `data_fd` are signed by a key of the keyring that was valid at that
 * time. 0, or -1 with a failure that names the key.
 */
int signature_check(struct arena *arena, const struct keyring *keyring,
		    const struct signature *signature, int data_fd, struct signer *signer,
		    struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* The same with a text. */
int signature_check_text(struct arena *arena, const struct keyring *keyring,
			 const struct signature *signature, const char *text, size_t size,
			 struct signer *signer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether a text is signed within itself: RFC 4880, section 7. */
bool is_clear_signed(const char *text, size_t size);

/* The same with such a text. `*clear` becomes the signed part, with a NUL, in the arena. */
int signature_check_clear(struct arena *arena, const struct keyring *keyring, const char *text,
			  size_t size, char **clear, size_t *clear_size, struct signer *signer,
			  struct failure *failure) __attribute__((nonnull, warn_unused_result));
