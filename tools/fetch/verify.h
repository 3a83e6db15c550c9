/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a publisher says of a file: its sum in a list beside it, the signature of that list, or one of
 * the file itself. And whether the file that came is that one.
 */
#pragma once

#include "tools/fetch/fetch.h"
#include "tools/fetch/signature.h"

enum verify_mode {
	VERIFY_SIGNATURE, /* a list, and its signature; or a signature of the file */
	VERIFY_CHECKSUM,  /* a list, whoever made it */
	VERIFY_NO,
	VERIFY_DIGEST, /* a sum that the user gave */
};

struct verify {
	enum verify_mode mode;
	struct digest digest; /* the user's */
};

/* Parse the value of --verify=: "signature", "checksum", "no", "sha256:HEX" or "sha512:HEX". */
bool verify_parse(const char *text, struct verify *verify);

/* Whether an http connection can do no harm: what comes is held to a signature, or to the user's sum. */
bool verify_may_be_plain(const struct verify *verify);

/* What there is beside a file. In an arena. */
struct published {
	struct digest digest;	    /* of kind DIGEST_NONE if only `signature` tells */
	const char *list;	    /* the list's address, for messages; NULL if there is none */
	struct signature signature; /* of the file itself; of size 0 if there is none */
	const char *signed_by;	    /* its address */
	bool is_signed;		    /* `signer` made the list */
	struct signer signer;
};

/*
 * Fetch what the publisher says of the file `name` beside the address of `url`, as far as `verify` wants
 * it. 0, or -1 with a failure: it doesn't say enough.
 */
int verify_read(struct arena *arena, const struct verify *verify, const struct keyring *keyring,
		const struct url *url, const char *name, struct published *published,
		struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Hold the file that came to it. answer->digest is its sum, of the kind of published->digest. If it
 * isn't the one, and came from another server than the list, that one's list is asked. 0, or -1 with a
 * failure.
 */
int verify_check(struct arena *arena, const struct verify *verify, const struct keyring *keyring,
		 const struct url *url, const char *name, struct published *published,
		 const struct fetch_answer *answer, int fd, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* In words, what a file that was checked rests on. */
const char *verify_words(struct arena *arena, const struct verify *verify,
			 const struct published *published);
