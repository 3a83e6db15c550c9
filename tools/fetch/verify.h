/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A publisher's data about a file: its sum in a list beside it, the signature of that list, or a
 * signature of the file itself. And the check of a fetched file against them.
 */
#pragma once

#include "tools/fetch/fetch.h"
#include "tools/fetch/signature.h"

enum verify_mode {
	VERIFY_SIGNATURE, /* a signed list, or a signature of the file */
	VERIFY_CHECKSUM,  /* a list, signed or not */
	VERIFY_NO,
	VERIFY_DIGEST, /* a sum that the user gave */
};

struct verify {
	enum verify_mode mode;
	struct digest digest;	  /* the user's */
	bool (*is_stopped)(void); /* asked while lists and signatures are fetched; NULL is never */
};

/* Parse the value of --verify=: "signature", "checksum", "no", "sha256:HEX" or "sha512:HEX". */
bool verify_parse(const char *text, struct verify *verify);

/* Whether http is safe enough: the file is checked by a signature or by a sum from the user. */
bool verify_may_be_plain(const struct verify *verify);

/* What was found beside a file. In an arena. */
struct published {
	struct digest digest;	    /* of kind DIGEST_NONE if there is only `signature` */
	const char *list;	    /* the list's address, for messages; NULL if there is none */
	struct signature signature; /* of the file itself; of size 0 if there is none */
	const char *signed_by;	    /* its address */
	bool is_signed;		    /* `signer` made the list */
	struct signer signer;
};

/*
 * Fetch the publisher's list and signature for the file `name` beside the address of `url`, as far
 * as `verify` requires. 0, or -1 with a failure if they aren't enough.
 */
int verify_read(struct arena *arena, const struct verify *verify, const struct keyring *keyring,
		const struct url *url, const char *name, struct published *published,
		struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Check the fetched file against them. answer->digest is its sum, of the kind of published->digest.
 * If the sum is wrong and the file came from another server than the list, the list of that server
 * is used. 0, or -1 with a failure.
 */
int verify_check(struct arena *arena, const struct verify *verify, const struct keyring *keyring,
		 const struct url *url, const char *name, struct published *published,
		 const struct fetch_answer *answer, int fd, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* In words, by what a file was checked. */
const char *verify_words(struct arena *arena, const struct verify *verify,
			 const struct published *published);
