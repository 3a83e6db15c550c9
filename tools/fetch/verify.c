/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/verify.h"

#include "base/array_size.h"
#include "base/format.h"
#include "base/quote.h"
#include "tools/fetch/checksum_list.h"

#include <errno.h>
#include <string.h>

#define LIST_SIZE_MAX ((size_t) 1024 * 1024)

/* Endings of signatures: those of Ubuntu, openSUSE and systemd, Arch, Debian. */
static const char *const suffixes[] = { ".gpg", ".asc", ".sig", ".sign" };

/* The state of one search for lists and signatures. */
struct look {
	struct arena *arena;
	const struct verify *verify;
	const struct keyring *keyring;
	const struct url *url;
	const char *name;
	/* For the message: what was found, but isn't enough. */
	const char *unsigned_list, *list_without;
};

bool verify_parse(const char *text, struct verify *verify)
{
	static const char *const modes[] = {
		[VERIFY_SIGNATURE] = "signature", [VERIFY_CHECKSUM] = "checksum", [VERIFY_NO] = "no"
	};
	struct verify v = { .mode = VERIFY_DIGEST };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(text, modes[i]) == 0) {
			*verify = (struct verify){ .mode = (enum verify_mode) i };
			return true;
		}
	if (!digest_parse_tagged(text, &v.digest))
		return false;
	*verify = v;
	return true;
}

bool verify_may_be_plain(const struct verify *verify)
{
	return verify->mode == VERIFY_SIGNATURE || verify->mode == VERIFY_DIGEST;
}

static int fetch_beside(const struct look *look, const char *name, size_t size_max, char **text,
			size_t *size, struct url *final, struct failure *f)
{
	const struct fetch_text_request request = {
		.address = url_beside(look->arena, look->url, name),
		.size_max = size_max,
		.may_be_plain = verify_may_be_plain(look->verify),
		.is_stopped = look->verify->is_stopped,
	};

	return fetch_text(look->arena, &request, text, size, final, f);
}

/*
 * Fetch a file's signature. 1; 0 if it doesn't exist, or the server sends a page instead; -1 with a
 * failure.
 */
static int fetch_signature(const struct look *look, const char *name, struct signature *signature,
			   const char **address, struct failure *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const char *file = arena_printf(look->arena, "%s%s", name, suffixes[i]);
		struct failure not_one;
		struct url final;
		char *text;
		size_t size;
		int r = fetch_beside(look, file, SIGNATURE_SIZE_MAX, &text, &size, &final, f);

		if (r < 0)
			return -1;
		if (r == 0 || signature_read(look->arena, text, size, signature, &not_one) < 0)
			continue;
		*address = final.shown;
		return 1;
	}
	return 0;
}

/*
 * Check a list's signature. 1, and `*text` is the signed part; 0 if it has no signature; -1 with a
 * failure if the signature isn't valid.
 */
static int check_list(const struct look *look, const char *name, char **text, size_t *size,
		      struct signer *signer, struct failure *f)
{
	struct signature signature;
	const char *address;
	int r;

	if (is_clear_signed(*text, *size))
		return signature_check_clear(look->arena, look->keyring, *text, *size, text, size,
					     signer, f) < 0
			       ? -1
			       : 1;
	r = fetch_signature(look, name, &signature, &address, f);
	if (r <= 0)
		return r;
	r = signature_check_text(look->arena, look->keyring, &signature, *text, *size, signer, f);
	return r < 0 ? -1 : 1;
}

/* 1 if this list has the sum, and is signed if a signature is required; 0 if not; -1 with a failure. */
static int read_list(struct look *look, const char *list, bool is_lone, struct published *published,
		     struct failure *f)
{
	struct published p = { 0 };
	struct url final;
	char *text;
	size_t size;
	int r = fetch_beside(look, list, LIST_SIZE_MAX, &text, &size, &final, f);

	if (r <= 0)
		return r;
	p.list = final.shown;
	/* Fetch the signature only if the list has the sum. Then take the sum from the signed part. */
	r = checksum_list_find(text, size, look->name, is_lone, &p.digest, f);
	if (r < 0)
		return failure_prefix(f, "%s", p.list);
	if (r == 0) {
		look->list_without = p.list;
		return 0;
	}
	if (look->verify->mode == VERIFY_SIGNATURE) {
		r = check_list(look, list, &text, &size, &p.signer, f);
		if (r < 0)
			return failure_prefix(f, "%s", p.list);
		if (r == 0) {
			look->unsigned_list = p.list;
			return 0;
		}
		p.is_signed = true;
		r = checksum_list_find(text, size, look->name, is_lone, &p.digest, f);
		if (r <= 0)
			return r < 0 ? failure_prefix(f, "%s", p.list)
				     : failure_set(f, FAILURE_NOT_PERMITTED,
						   "%s: the sum of '%s' is not in the part that is "
						   "signed",
						   p.list, look->name);
	}
	*published = p;
	return 1;
}

static int nothing_found(const struct look *look, struct failure *f)
{
	bool wants_signature = look->verify->mode == VERIFY_SIGNATURE;
	char quoted[QUOTED_SIZE];

	quote(look->name, quoted);
	if (look->unsigned_list)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"%s has the sum of '%s', but no signature; if that is enough, add "
			"--verify=checksum",
			look->unsigned_list, quoted);
	return failure_set(
		f, FAILURE_NOT_PERMITTED,
		"%s: beside it there is neither a list with its SHA-256 or SHA-512 sum%s%s%s; if "
		"you have its sum from the publisher, add --verify=sha256:SUM, and to take "
		"it as it is, --verify=no",
		look->url->shown, wants_signature ? " nor a signature" : " nor a file with it",
		look->list_without ? ", and it is not in " : "",
		look->list_without ? look->list_without : "");
}

/* A list, which is for this file only, or for all files of its directory. */
struct list_name {
	const char *list; /* or NULL */
	bool is_lone;
};

/* 1 if one of these lists has the sum; 0 if not; -1 with a failure. */
static int read_lists(struct look *look, const struct list_name *lists, size_t count,
		      struct published *published, struct failure *f)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		if (lists[i].list)
			r = read_list(look, lists[i].list, lists[i].is_lone, published, f);
	return r;
}

/* Names that few publishers use. */
static int read_rare_lists(struct look *look, struct published *published, struct failure *f)
{
	struct arena *arena = look->arena;
	const struct list_name lists[] = {
		{ arena_printf(arena, "%s.SHA256", look->name), true },
		{ arena_printf(arena, "%s.SHA512", look->name), true },
		{ arena_printf(arena, "%s-SHA512SUMS", look->name), true },
		{ "CHECKSUMS", false },
		{ "CHECKSUM.SHA512", false },
		{ "sha256sums.txt", false },
		{ "sha256sum.txt", false },
		{ "sha512sums.txt", false },
		{ "sha512sum.txt", false },
	};

	return read_lists(look, lists, ARRAY_SIZE(lists), published, f);
}

int verify_read(struct arena *arena, const struct verify *verify, const struct keyring *keyring,
		const struct url *url, const char *name, struct published *published,
		struct failure *f)
{
	struct look look = { arena, verify, keyring, url, name, NULL, NULL };
	const struct list_name lists[] = {
		{ arena_printf(arena, "%s.sha256", name), true },
		{ "SHA256SUMS", false },
		{ arena_printf(arena, "%s.sha512", name), true },
		{ "SHA512SUMS", false },
		{ arena_printf(arena, "%s.CHECKSUM", name), true },
		{ "CHECKSUM", false },
		{ arena_printf(arena, "%s.DIGESTS", name), true },
		{ arena_printf(arena, "%s.SHA256SUM", name), true },
		{ checksum_list_of_fedora(arena, name), false },
	};
	struct published p = { .digest = verify->digest };
	int r;

	*published = p;
	if (verify->mode == VERIFY_NO || verify->mode == VERIFY_DIGEST)
		return 0;
	r = read_lists(&look, lists, ARRAY_SIZE(lists), published, f);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (verify->mode == VERIFY_SIGNATURE) {
		r = fetch_signature(&look, name, &p.signature, &p.signed_by, f);
		if (r < 0)
			return -1;
		if (r > 0) {
			*published = p;
			return 0;
		}
	}
	r = read_rare_lists(&look, published, f);
	if (r != 0)
		return r < 0 ? -1 : 0;
	return nothing_found(&look, f);
}

static int wrong_sum(const struct verify *verify, const struct published *published,
		     const struct fetch_answer *answer, struct failure *f)
{
	char has[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];

	digest_format(&answer->digest, has);
	digest_format(&published->digest, wanted);
	if (verify->mode == VERIFY_DIGEST)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"%s isn't the expected file: its %s sum is %s, and --verify= has "
			"%s",
			answer->url.shown, digest_kind_name(answer->digest.kind), has, wanted);
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   "%s doesn't have its publisher's sum: the file's is %s, and in %s "
			   "it is %s; one of the two is out of date, or the file was changed",
			   answer->url.shown, has, published->list, wanted);
}

static int check_signature(struct arena *arena, const struct keyring *keyring,
			   struct published *published, int fd, struct failure *f)
{
	if (signature_check(arena, keyring, &published->signature, fd, &published->signer, f) < 0)
		return failure_prefix(f, "%s", published->signed_by);
	published->is_signed = true;
	return 0;
}

/* Mirrors behind a redirect may have different versions: use the list of the one that sent the file. */
static int check_again(struct arena *arena, const struct verify *verify,
		       const struct keyring *keyring, const char *name, struct published *published,
		       const struct fetch_answer *answer, int fd, struct failure *f)
{
	struct digest digest = answer->digest;
	struct published again;
	struct failure ignored;

	if (verify_read(arena, verify, keyring, &answer->url, name, &again, &ignored) < 0)
		return wrong_sum(verify, published, answer, f);
	if (again.digest.kind == DIGEST_NONE) {
		*published = again;
		return check_signature(arena, keyring, published, fd, f);
	}
	if (again.digest.kind != digest.kind) {
		int r = digest_of_file(fd, again.digest.kind, &digest);

		if (r < 0)
			return failure_errno(f, r, "cannot read the fetched file");
	}
	if (!digests_equal(&again.digest, &digest))
		return wrong_sum(verify, published, answer, f);
	*published = again;
	return 0;
}

int verify_check(struct arena *arena, const struct verify *verify, const struct keyring *keyring,
		 const struct url *url, const char *name, struct published *published,
		 const struct fetch_answer *answer, int fd, struct failure *f)
{
	if (verify->mode == VERIFY_NO)
		return 0;
	if (published->digest.kind == DIGEST_NONE)
		return check_signature(arena, keyring, published, fd, f);
	if (digests_equal(&published->digest, &answer->digest))
		return 0;
	if (verify->mode == VERIFY_DIGEST || strcmp(url->address, answer->url.address) == 0)
		return wrong_sum(verify, published, answer, f);
	return check_again(arena, verify, keyring, name, published, answer, fd, f);
}

const char *verify_words(struct arena *arena, const struct verify *verify,
			 const struct published *published)
{
	char name[FINGERPRINT_TEXT_SIZE], time[TIME_TEXT_SIZE];

	if (verify->mode == VERIFY_NO)
		return "not checked";
	if (verify->mode == VERIFY_DIGEST)
		return arena_printf(arena, "has the %s sum that was given",
				    digest_kind_name(published->digest.kind));
	if (!published->is_signed)
		return arena_printf(arena, "has its sum in %s, which is not signed",
				    published->list);
	return arena_printf(arena, "signed by %s (%s) on %s",
			    fingerprint_format(published->signer.key->fingerprint, name),
			    arena_escape(arena, published->signer.key->primary->user_id),
			    time_format(published->signer.signed_at * 1000000, time));
}
