/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/digest.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/number.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE (256 * 1024)

struct digest_context {
	enum digest_kind kind;
	EVP_MD_CTX *md;
};

size_t digest_size(enum digest_kind kind)
{
	return kind == DIGEST_SHA256 ? 32 : kind == DIGEST_SHA512 ? 64 : 0;
}

const char *digest_kind_name(enum digest_kind kind)
{
	return kind == DIGEST_SHA256 ? "SHA-256" : kind == DIGEST_SHA512 ? "SHA-512" : "no";
}

bool digest_parse(const char *text, size_t length, struct digest *digest)
{
	struct digest d = { .kind = length == 64    ? DIGEST_SHA256
				    : length == 128 ? DIGEST_SHA512
						    : DIGEST_NONE };

	if (d.kind == DIGEST_NONE || !hex_decode(text, d.bytes, length / 2))
		return false;
	*digest = d;
	return true;
}

char *digest_format(const struct digest *digest, char text[static DIGEST_TEXT_SIZE])
{
	size_t size = digest_size(digest->kind);

	text[0] = '\0';
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
	return text;
}

bool digest_parse_tagged(const char *text, struct digest *digest)
{
	struct digest d;

	if (strncmp(text, "sha256:", 7) != 0 && strncmp(text, "sha512:", 7) != 0)
		return false;
	if (!digest_parse(text + 7, strlen(text + 7), &d) ||
	    d.kind != (text[3] == '2' ? DIGEST_SHA256 : DIGEST_SHA512))
		return false;
	*digest = d;
	return true;
}

char *digest_format_tagged(const struct digest *digest, char text[static DIGEST_TAGGED_SIZE])
{
	memcpy(text, digest->kind == DIGEST_SHA512 ? "sha512:" : "sha256:", 7);
	digest_format(digest, text + 7);
	return text;
}

bool digests_equal(const struct digest *a, const struct digest *b)
{
	return a->kind == b->kind && memcmp(a->bytes, b->bytes, digest_size(a->kind)) == 0;
}

int digest_check(const char *name, const struct digest *is, const struct digest *wanted,
		 struct failure *f)
{
	char first[DIGEST_TAGGED_SIZE], second[DIGEST_TAGGED_SIZE];

	if (wanted->kind == DIGEST_NONE || digests_equal(is, wanted))
		return 0;
	return failure_set(f, FAILURE_NOT_PERMITTED, "%s has the digest %s, and %s is wanted", name,
			   digest_format_tagged(is, first), digest_format_tagged(wanted, second));
}

struct digest_context *digest_begin(enum digest_kind kind)
{
	struct digest_context *context;

	if (kind == DIGEST_NONE)
		return NULL;
	context = calloc(1, sizeof *context);
	if (context)
		context->md = EVP_MD_CTX_new();
	if (!context || !context->md)
		arena_out_of_memory();
	context->kind = kind;
	if (EVP_DigestInit_ex(context->md, kind == DIGEST_SHA256 ? EVP_sha256() : EVP_sha512(),
			      NULL) != 1)
		arena_out_of_memory();
	return context;
}

void digest_add(struct digest_context *context, const void *bytes, size_t size)
{
	if (context)
		EVP_DigestUpdate(context->md, bytes, size);
}

int digest_add_file(struct digest_context *context, int fd, uint64_t size)
{
	CLEANUP_FREE char *block = malloc(BLOCK_SIZE);
	uint64_t at = 0;

	if (!block)
		return -ENOMEM;
	while (context && at < size) {
		size_t wanted = size - at < BLOCK_SIZE ? (size_t) (size - at) : BLOCK_SIZE;
		ssize_t n = pread(fd, block, wanted, (off_t) at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		digest_add(context, block, (size_t) n);
		at += (uint64_t) n;
	}
	return 0;
}

void digest_get(const struct digest_context *context, struct digest *digest)
{
	EVP_MD_CTX *copy;

	*digest = (struct digest){ 0 };
	if (!context)
		return;
	copy = EVP_MD_CTX_new();
	if (!copy || EVP_MD_CTX_copy_ex(copy, context->md) != 1)
		arena_out_of_memory();
	EVP_DigestFinal_ex(copy, digest->bytes, NULL);
	EVP_MD_CTX_free(copy);
	digest->kind = context->kind;
}

void digest_free(struct digest_context *context)
{
	if (context)
		EVP_MD_CTX_free(context->md);
	free(context);
}

void digest_cleanup(struct digest_context **context)
{
	digest_free(*context);
}

struct digest digest_of_text(const char *text, enum digest_kind kind)
{
	struct digest_context *context = digest_begin(kind);
	struct digest digest;

	digest_add(context, text, strlen(text));
	digest_get(context, &digest);
	digest_free(context);
	return digest;
}

int digest_of_file(int fd, enum digest_kind kind, struct digest *digest)
{
	CLEANUP(digest_cleanup) struct digest_context *context = digest_begin(kind);
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	r = digest_add_file(context, fd, (uint64_t) st.st_size);
	if (r == 0)
		digest_get(context, digest);
	return r;
}

void fingerprint_of(const void *bytes, size_t size, uint8_t fingerprint[static FINGERPRINT_SIZE])
{
	if (EVP_Digest(bytes, size, fingerprint, NULL, EVP_sha1(), NULL) != 1)
		memset(fingerprint, 0, FINGERPRINT_SIZE);
}
