/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checking OpenPGP signatures: the mathematics by gpgv(1) in a confined child with a deadline,
 * everything else about key and signature by tools/fetch/keyring.h.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/keyring.h"

/* Bytes of a file of signatures, which is never longer. */
#define SIGNATURE_SIZE_MAX (64 * 1024)

/* Who signed. */
struct signer {
	const struct pgp_key *key;
	uint64_t signed_at; /* seconds since 1970 */
};

/* Detached signatures, without armour. */
struct signature {
	const uint8_t *bytes;
	size_t size;
};

/* Read them from a file's bytes, armoured or not, which stay in use. 0, or -1 with a failure. */
int signature_read(struct arena *arena, const void *bytes, size_t size, struct signature *signature,
		   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Check that the bytes of `data_fd`, from its beginning, are signed by a key of the keyring that
 * was good at that time. 0, or -1 with a failure that names the key.
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

/*
 * The same with such a text. `*clear` becomes what is signed of it, with a NUL behind, in the arena.
 */
int signature_check_clear(struct arena *arena, const struct keyring *keyring, const char *text,
			  size_t size, char **clear, size_t *clear_size, struct signer *signer,
			  struct failure *failure) __attribute__((nonnull, warn_unused_result));
