/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What servers and publishers send: lists of sums, keyrings, signatures, headers. The first byte
 * says which. Whatever is found is in the text; what is taken from a keyring can be judged.
 */
#include "tests/fuzz/fuzz.h"
#include "tools/fetch/checksum_list.h"
#include "tools/fetch/content_kind.h"
#include "tools/fetch/http_header.h"
#include "tools/fetch/keyring.h"
#include "tools/fetch/signature.h"
#include "tools/fetch/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void list(const char *text, size_t size)
{
	char hex[DIGEST_TEXT_SIZE];
	struct digest digest;
	struct failure f;

	for (int is_lone = 0; is_lone < 2; is_lone++) {
		int r = checksum_list_find(text, size, "f.tar", is_lone, &digest, &f);
		size_t length = r == 1 ? strlen(digest_format(&digest, hex)) : 0;
		bool is_there = false;

		for (size_t i = 0; r == 1 && i + length <= size; i++)
			is_there |= strncasecmp(text + i, hex, length) == 0;
		if (r == 1 && (!is_there || length < 64))
			abort();
	}
}

static void keys(struct arena *arena, const void *bytes, size_t size)
{
	struct keyring keyring = { .arena = arena };
	const struct pgp_key *key;
	struct failure f;

	if (keyring_add(&keyring, bytes, size, &f) < 0) {
		if (keyring.n_keys || keyring.n_files)
			abort();
		return;
	}
	for (size_t i = 0; i < keyring.n_keys; i++) {
		const uint8_t *fingerprint = keyring.keys[i]->fingerprint;

		if (!keyring_find(&keyring, fingerprint) || !keyring.keys[i]->primary)
			abort();
		/* Nothing revoked or expired is good. */
		if (keyring_judge(&keyring, fingerprint, 1706745600, 1800000000, &key, &f) == 0 &&
		    (key->revocation == KEY_REVOKED || !key->may_sign ||
		     (key->expires && key->expires <= 1706745600)))
			abort();
	}
}

static void header(const char *text)
{
	struct content_range range;

	if (content_range_parse(text, &range) &&
	    (range.first > range.last || range.last >= range.total))
		abort();
	if (etag_is_strong(text) && (strpbrk(text, " \r\n") || strlen(text) < 3))
		abort();
}

static void address(struct arena *arena, const char *text)
{
	struct url url, beside;
	struct failure f;
	const char *name;

	if (url_parse(arena, text, &url, &f) < 0)
		return;
	name = url_file_name(arena, &url);
	if (name && (!*name || strchr(name, '/')))
		abort();
	if (url_parse(arena, url_beside(arena, &url, "SHA256SUMS"), &beside, &f) < 0 ||
	    !urls_have_same_origin(&url, &beside))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct signature signature;
	struct arena arena = { 0 };
	struct failure f;
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (*data) {
	case 'l': list(text, size - 1); break;
	case 'k': keys(&arena, data + 1, size - 1); break;
	case 's':
		if (signature_read(&arena, data + 1, size - 1, &signature, &f) == 0 &&
		    signature.size == 0)
			abort();
		break;
	case 'h': header(text); break;
	case 'u': address(&arena, text); break;
	default: content_kind_of(data, size);
	}
	arena_done(&arena);
	free(text);
	return 0;
}
