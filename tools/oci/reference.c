/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/oci/reference.h"

#include "base/array_size.h"
#include "base/number.h"
#include "base/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define REPOSITORY_LENGTH_MAX 255
#define TAG_LENGTH_MAX	      128

#define HUB	 "docker.io"
#define HUB_HOST "registry-1.docker.io"

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* ".", "_", "__", or any number of "-". */
static size_t separator_length(const char *text)
{
	size_t dashes = strspn(text, "-");

	if (dashes)
		return dashes;
	if (*text == '.')
		return 1;
	return *text == '_' ? 1 + (text[1] == '_') : 0;
}

/* A part of a repository's name: letters and digits, with separators between them. */
static bool is_part(const char *text, size_t length)
{
	size_t at = 0;

	if (length == 0 || !is_lower(text[0]))
		return false;
	while (at < length) {
		size_t separator = is_lower(text[at]) ? 0 : separator_length(text + at);

		if (!is_lower(text[at]) &&
		    (!separator || at + separator >= length || !is_lower(text[at + separator])))
			return false;
		at += separator + 1;
	}
	return true;
}

static bool is_repository(const char *text)
{
	if (strlen(text) > REPOSITORY_LENGTH_MAX)
		return false;
	for (;;) {
		size_t length = strcspn(text, "/");

		if (!is_part(text, length))
			return false;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

static bool is_tag(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > TAG_LENGTH_MAX || *text == '.' || *text == '-')
		return false;
	for (; *text; text++)
		if (!is_lower(*text) && !is_upper(*text) && !strchr("_.-", *text))
			return false;
	return true;
}

/* A host's name or address, and perhaps a port. */
static bool is_host(const char *text)
{
	const char *end = *text == '[' ? strchr(text, ']') : NULL, *from = text;
	uint32_t port;

	if (*text == '[' &&
	    (!end || strspn(text + 1, "0123456789abcdefABCDEF:.") != (size_t) (end - text - 1)))
		return false;
	if (!end) {
		for (end = text; *end && *end != ':'; end++)
			if (!is_lower(*end) && !is_upper(*end) && *end != '.' && *end != '-')
				return false;
	} else {
		end++;
	}
	if (end == from || *from == '-' || *from == '.')
		return false;
	return !*end ||
	       (*end == ':' && id_parse(end + 1, &port) == 0 && port > 0 && port <= UINT16_MAX);
}

/* The part before the first slash is a host only if it cannot be part of a repository's name. */
static bool has_host(const char *text, size_t first)
{
	if (text[first] != '/')
		return false;
	for (size_t i = 0; i < first; i++)
		if (text[i] == '.' || text[i] == ':' || is_upper(text[i]))
			return true;
	return first == strlen("localhost") && strncmp(text, "localhost", first) == 0;
}

/* Docker Hub has had several host names. */
static bool is_hub(const char *host)
{
	static const char *const names[] = { HUB, HUB_HOST, "index.docker.io",
					     "registry.hub.docker.com", "hub.docker.com" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length = strlen(names[i]);

		if (strncasecmp(host, names[i], length) == 0 &&
		    (!host[length] || strcmp(host + length, ":443") == 0))
			return true;
	}
	return false;
}

static int invalid(struct failure *f, const char *text, const char *why)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_INVALID,
			   "'%s' is not an image of a registry, as HOST/NAME:TAG is: %s",
			   quote(text, quoted), why);
}

static int split_host(struct arena *arena, char *rest, struct oci_reference *r, const char **name)
{
	size_t first = strcspn(rest, "/");

	r->registry = HUB;
	*name = rest;
	if (has_host(rest, first)) {
		rest[first] = '\0';
		r->registry = rest;
		*name = rest + first + 1;
		if (!is_host(rest))
			return -1;
	}
	r->host = r->registry;
	if (!is_hub(r->registry))
		return 0;
	r->registry = HUB;
	r->host = HUB_HOST;
	if (!strchr(*name, '/'))
		*name = arena_printf(arena, "library/%s", *name);
	return 0;
}

static const char *show(struct arena *arena, const struct oci_reference *r)
{
	char digest[DIGEST_TAGGED_SIZE];

	return arena_printf(arena, "%s/%s%s%s%s%s", r->registry, r->repository, r->tag ? ":" : "",
			    r->tag ? r->tag : "", r->digest.kind != DIGEST_NONE ? "@" : "",
			    r->digest.kind != DIGEST_NONE ? digest_format_tagged(&r->digest, digest)
							  : "");
}

int oci_reference_parse(struct arena *arena, const char *text, struct oci_reference *reference,
			struct failure *f)
{
	char *rest = arena_strdup(arena, text), *at = strchr(rest, '@'), *slash, *colon;
	struct oci_reference r = { 0 };

	if (strstr(text, "://"))
		return invalid(f, text, "leave out the part that ends in ://");
	if (at) {
		*at = '\0';
		if (!digest_parse_tagged(at + 1, &r.digest))
			return invalid(f, text, "behind the @, sha256:SUM or sha512:SUM is wanted");
	}
	slash = strrchr(rest, '/');
	colon = strrchr(slash ? slash : rest, ':');
	if (colon) {
		*colon = '\0';
		r.tag = colon + 1;
		if (!is_tag(r.tag))
			return invalid(f, text, "the tag isn't valid");
	} else if (!at) {
		r.tag = "latest";
	}
	if (split_host(arena, rest, &r, &r.repository) < 0)
		return invalid(f, text, "the host isn't valid");
	if (!is_repository(r.repository))
		return invalid(f, text,
			       "a name has small letters and digits, with one of . _ __ - between "
			       "them");
	r.shown = show(arena, &r);
	*reference = r;
	return 0;
}
