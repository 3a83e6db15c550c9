/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/url.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "base/quote.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

static void curl_url_done(CURLU **handle)
{
	curl_url_cleanup(*handle);
}

/* A part of it in the arena, or NULL. */
static const char *take_part(struct arena *arena, CURLU *handle, CURLUPart part, unsigned int flags)
{
	char *text = NULL;
	const char *copy = NULL;

	if (curl_url_get(handle, part, &text, flags) == CURLUE_OK)
		copy = arena_strdup(arena, text);
	curl_free(text);
	return copy;
}

static int check_parts(const struct url *url, struct failure *f)
{
	if (!url->scheme || (strcmp(url->scheme, "http") != 0 && strcmp(url->scheme, "https") != 0))
		return failure_set(
			f, FAILURE_INVALID,
			"only http and https are fetched; use import-tar or import-raw for a "
			"file");
	if (!url->host || !url->port || !url->path)
		return failure_set(f, FAILURE_INVALID, "not a valid URL");
	return 0;
}

/*
 * An address that isn't valid, for messages: without what may be a user, a password or a token, wherever these are.
 */
static const char *hide_secrets(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text), *scheme = strstr(copy, "://");
	char *authority = scheme ? scheme + strlen("://") : copy;
	char *at = strrchr(authority, '@'), *query = strchr(authority, '?');

	if (query)
		memset(query + 1, '*', strlen(query + 1));
	if (at)
		memset(authority, '*', (size_t) (at - authority));
	return copy;
}

static int not_valid(struct arena *arena, const char *text, const char *hint, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_INVALID, "'%s' is not a valid URL%s",
			   quote(hide_secrets(arena, text), quoted), hint);
}

int url_parse(struct arena *arena, const char *text, struct url *url, struct failure *f)
{
	CLEANUP(curl_url_done) CURLU *handle = curl_url();
	char quoted[QUOTED_SIZE];
	struct url u = { 0 };

	if (!handle)
		arena_out_of_memory();
	for (const char *p = text; *p; p++)
		if ((unsigned char) *p <= ' ' || *p == 0x7f)
			return not_valid(arena, text, ": write blanks as %20", f);
	if (curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return not_valid(arena, text, "", f);
	u.user = take_part(arena, handle, CURLUPART_USER, CURLU_URLDECODE);
	u.password = take_part(arena, handle, CURLUPART_PASSWORD, CURLU_URLDECODE);
	curl_url_set(handle, CURLUPART_USER, NULL, 0);
	curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(handle, CURLUPART_OPTIONS, NULL, 0);
	curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
	u.scheme = take_part(arena, handle, CURLUPART_SCHEME, 0);
	u.host = take_part(arena, handle, CURLUPART_HOST, 0);
	u.port = take_part(arena, handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	u.path = take_part(arena, handle, CURLUPART_PATH, 0);
	u.address = take_part(arena, handle, CURLUPART_URL, 0);
	curl_url_set(handle, CURLUPART_QUERY, NULL, 0);
	u.shown = take_part(arena, handle, CURLUPART_URL, 0);
	if (check_parts(&u, f) < 0)
		return failure_prefix(f, "%s",
				      quote(u.shown ? u.shown : hide_secrets(arena, text), quoted));
	*url = u;
	return 0;
}

bool urls_have_same_origin(const struct url *a, const struct url *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

const char *url_file_name(struct arena *arena, const struct url *url)
{
	const char *slash = strrchr(url->path, '/');
	char *name = arena_strdup(arena, slash ? slash + 1 : url->path), *to = name;

	for (const char *from = name; *from; from++) {
		uint8_t byte = (uint8_t) *from;

		if (byte == '%' && hex_decode(from + 1, &byte, 1))
			from += 2;
		*to++ = (char) byte;
		if (to[-1] == '/' || (unsigned char) to[-1] < ' ' || to[-1] == 0x7f)
			return NULL;
	}
	*to = '\0';
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 ? name : NULL;
}

const char *url_escape(struct arena *arena, const char *text)
{
	char *escaped = arena_alloc(arena, strlen(text) * 3 + 1), *to = escaped;
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;

		if (isalnum(c) || strchr("-._~", c)) {
			*to++ = (char) c;
		} else {
			*to++ = '%';
			*to++ = digits[c >> 4];
			*to++ = digits[c & 15];
		}
	}
	*to = '\0';
	return escaped;
}

const char *url_beside(struct arena *arena, const struct url *url, const char *name)
{
	size_t at = strcspn(url->address, "?"), scheme = strlen(url->scheme) + 3;
	const char *login = "";

	while (at && url->address[at - 1] != '/')
		at--;
	if (url->user)
		login = arena_printf(arena, "%s:%s@", url_escape(arena, url->user),
				     url_escape(arena, url->password ? url->password : ""));
	return arena_printf(arena, "%.*s%s%.*s%s", (int) scheme, url->address, login,
			    (int) (at - scheme), url->address + scheme, url_escape(arena, name));
}
