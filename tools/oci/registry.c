/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/oci/registry.h"

#include "base/cleanup.h"
#include "base/json_value.h"
#include "base/quote.h"
#include "tools/oci/challenge.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TOKEN_SIZE_MAX 65536

static const char *address_of(const struct oci_registry *registry, const char *kind,
			      const char *name)
{
	return arena_printf(registry->arena, "https://%s/v2/%s/%s/%s", registry->reference->host,
			    registry->reference->repository, kind, name);
}

const char *oci_registry_blob_address(const struct oci_registry *registry,
				      const struct digest *digest)
{
	char text[DIGEST_TAGGED_SIZE];

	return address_of(registry, "blobs", digest_format_tagged(digest, text));
}

static bool may_continue(void *data, uint64_t done, uint64_t total)
{
	const struct oci_registry *registry = data;

	(void) done;
	(void) total;
	return !registry->is_stopped || !registry->is_stopped();
}

/* Fetch into memory. 0, or -1 with a failure. */
static int fetch_in_memory(struct oci_registry *registry, const char *address,
			   struct fetch_request *request, struct fetch_answer *answer, char **text,
			   struct failure *f)
{
	CLEANUP_CLOSE int fd = memfd_create("oci", MFD_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return failure_errno(f, -errno, "cannot make a file in memory");
	request->fd = fd;
	request->where = "memory";
	request->seconds_max = FETCH_TEXT_SECONDS_MAX;
	request->progress = may_continue;
	request->data = registry;
	if (oci_registry_fetch(registry, address, request, answer, f) < 0)
		return -1;
	*text = arena_alloc(registry->arena, (size_t) answer->size + 1);
	n = pread(fd, *text, (size_t) answer->size, 0);
	return n == (ssize_t) answer->size
		       ? 0
		       : failure_errno(f, n < 0 ? -errno : -EIO, "cannot read a file in memory");
}

/* The token becomes part of a header. */
static bool is_token(const char *token)
{
	if (!*token)
		return false;
	for (; *token; token++)
		if (*token <= ' ' || *token >= 0x7f)
			return false;
	return true;
}

static int read_token(struct oci_registry *registry, const struct url *url, const char *text,
		      size_t size, struct failure *f)
{
	static const char *const keys[] = { "token", "access_token" };
	const char *why;
	CLEANUP(json_value_done) json_object *object = json_parse(text, size, &why);

	for (size_t i = 0; i < 2; i++) {
		const char *token = json_member_string(object, keys[i]);

		if (!token || !is_token(token))
			continue;
		registry->authorization = arena_printf(registry->arena, "Bearer %s", token);
		return 0;
	}
	return failure_set(f, FAILURE_INVALID,
			   "%s: the answer has neither a valid 'token' nor an 'access_token'",
			   url->shown);
}

/* Add a parameter to the query of an address. */
static const char *add_query(struct arena *arena, const char *address, const char *key,
			     const char *value)
{
	return arena_printf(arena, "%s%c%s=%s", address, strchr(address, '?') ? '&' : '?', key,
			    url_escape(arena, value));
}

/*
 * Ask the token service without an account, because the registry chose its address: it learns no secret.
 * The scope is always to read this repository and nothing else.
 */
static int get_token(struct oci_registry *registry, const char *challenge, struct failure *f)
{
	struct arena *arena = registry->arena;
	const char *scope =
		arena_printf(arena, "repository:%s:pull", registry->reference->repository);
	struct oci_challenge c;
	const char *address;
	struct url url, final;
	char *text;
	size_t size;
	int r;

	oci_challenge_parse(arena, challenge, &c);
	if (!c.has_bearer || !*c.realm)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "%s: the registry wants a user and a password",
				   registry->reference->host);
	address = *c.service ? add_query(arena, c.realm, "service", c.service) : c.realm;
	if (url_parse(arena, add_query(arena, address, "scope", scope), &url, f) < 0)
		return failure_prefix(f, "%s: where to get a token", registry->reference->host);
	/* url.address doesn't contain the user and password that the registry may have put there. */
	r = fetch_text(arena,
		       &(struct fetch_text_request){ .address = url.address,
						     .size_max = TOKEN_SIZE_MAX,
						     .is_stopped = registry->is_stopped },
		       &text, &size, &final, f);
	if (r == 0)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"%s: no token is given for %s: there is no such image, or it needs "
			"an account",
			url.shown, registry->reference->shown);
	if (r < 0)
		return failure_prefix(f, "no token is given for %s", registry->reference->shown);
	return read_token(registry, &url, text, size, f);
}

int oci_registry_fetch(struct oci_registry *registry, const char *address,
		       struct fetch_request *request, struct fetch_answer *answer,
		       struct failure *f)
{
	struct url url;

	if (url_parse(registry->arena, address, &url, f) < 0)
		return -1;
	request->url = &url;
	request->authorization = registry->authorization;
	request->may_be_plain = registry->reference->digest.kind != DIGEST_NONE;
	if (fetch(registry->arena, request, answer, f) == 0)
		return 0;
	/* A token may also have expired: ask for a new one. */
	if (answer->status != 401 || !urls_have_same_origin(&answer->url, &url))
		return -1;
	if (get_token(registry, answer->challenge, f) < 0)
		return -1;
	request->authorization = registry->authorization;
	return fetch(registry->arena, request, answer, f);
}

int oci_registry_document(struct oci_registry *registry, const struct oci_descriptor *descriptor,
			  char **text, size_t *size, const char **type, struct digest *digest,
			  struct failure *f)
{
	char by_digest[DIGEST_TAGGED_SIZE];
	struct digest wanted = descriptor ? descriptor->digest : registry->reference->digest, told;
	struct fetch_request request = {
		.size_max = OCI_DOCUMENT_SIZE_MAX,
		.accept = OCI_DOCUMENT_TYPES,
	};
	struct fetch_answer answer;
	const char *address;

	request.digest_kind = wanted.kind != DIGEST_NONE ? wanted.kind : DIGEST_SHA256;
	address = address_of(registry, "manifests",
			     wanted.kind != DIGEST_NONE ? digest_format_tagged(&wanted, by_digest)
							: registry->reference->tag);
	if (fetch_in_memory(registry, address, &request, &answer, text, f) < 0)
		return -1;
	/* For a tag, the registry gives the digest. The document must have that digest. */
	if (wanted.kind == DIGEST_NONE && digest_parse_tagged(answer.content_digest, &told) &&
	    told.kind == request.digest_kind)
		wanted = told;
	if (digest_check(address, &answer.digest, &wanted, f) < 0)
		return -1;
	*size = (size_t) answer.size;
	*type = oci_media_type(registry->arena, answer.content_type);
	*digest = answer.digest;
	return 0;
}

int oci_registry_text(struct oci_registry *registry, const struct oci_descriptor *descriptor,
		      char **text, size_t *size, struct failure *f)
{
	const char *address = oci_registry_blob_address(registry, &descriptor->digest);
	struct fetch_request request = {
		.size_max = OCI_DOCUMENT_SIZE_MAX,
		.digest_kind = descriptor->digest.kind,
	};
	struct fetch_answer answer;

	if (fetch_in_memory(registry, address, &request, &answer, text, f) < 0)
		return -1;
	*size = (size_t) answer.size;
	return digest_check(address, &answer.digest, &descriptor->digest, f);
}
