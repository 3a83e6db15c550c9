/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 and SHA-512 sums: parsed, printed, computed. Weaker sums don't exist here. By libcrypto,
 * which libcurl is linked with anyway and which uses the processor's own instructions.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA512 };

#define DIGEST_SIZE_MAX	 64
#define DIGEST_TEXT_SIZE (2 * DIGEST_SIZE_MAX + 1)

struct digest {
	enum digest_kind kind;
	uint8_t bytes[DIGEST_SIZE_MAX];
};

/* The number of bytes of such a digest. 0 for DIGEST_NONE. */
size_t digest_size(enum digest_kind kind) __attribute__((const));

/* "SHA-256" or "SHA-512". */
const char *digest_kind_name(enum digest_kind kind) __attribute__((const));

/* Parse hexadecimal digits. Their number tells the kind. False if they are not a known kind of sum. */
bool digest_parse(const char *text, size_t length, struct digest *digest);

/* In hexadecimal digits. */
char *digest_format(const struct digest *digest, char text[static DIGEST_TEXT_SIZE]);

/* The same with the kind in front: "sha256:HEX" or "sha512:HEX". */
bool digest_parse_tagged(const char *text, struct digest *digest);

#define DIGEST_TAGGED_SIZE (DIGEST_TEXT_SIZE + 7)
char *digest_format_tagged(const struct digest *digest, char text[static DIGEST_TAGGED_SIZE]);

bool digests_equal(const struct digest *a, const struct digest *b);

/*
 * Fail if the digest isn't the wanted one; the message names the file `name`. DIGEST_NONE as the
 * wanted one accepts all.
 */
int digest_check(const char *name, const struct digest *is, const struct digest *wanted,
		 struct failure *f);

/* A digest that is computed piece by piece. */
struct digest_context;

/* Begin. NULL for DIGEST_NONE. The program ends if there is no memory. */
struct digest_context *digest_begin(enum digest_kind kind);

/* Add bytes. This and digest_end() ignore NULL. */
void digest_add(struct digest_context *context, const void *bytes, size_t size);

/* Add a file's bytes from its beginning, up to `size`. 0, or a negative errno; -EIO if it ends before. */
int digest_add_file(struct digest_context *context, int fd, uint64_t size);

/* The digest of the bytes so far. More bytes may be added afterwards. */
void digest_get(const struct digest_context *context, struct digest *digest);

void digest_free(struct digest_context *context);

/* For variables that are to be freed at the end of their scope. */
void digest_cleanup(struct digest_context **context);

/* The sum of a text. */
struct digest digest_of_text(const char *text, enum digest_kind kind);

/* The sum of a whole file. 0 or a negative errno. */
int digest_of_file(int fd, enum digest_kind kind, struct digest *digest);

/* SHA-1, for fingerprints of OpenPGP keys only. */
#define FINGERPRINT_SIZE 20
void fingerprint_of(const void *bytes, size_t size, uint8_t fingerprint[static FINGERPRINT_SIZE]);
