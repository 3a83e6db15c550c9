/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/fetch.h"

#include "base/cleanup.h"
#include "tools/fetch/http_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define REDIRECTS_MAX 10
/* How many connections may break, if each of them brought bytes. */
#define CUTS_MAX     50
#define RESTARTS_MAX 3

static void http_transfer_done(struct http_transfer *t)
{
	digest_free(t->digest);
	curl_easy_cleanup(t->curl);
}

/*
 * Continue after the bytes that exist already. If the file is complete, ask for its last byte
 * again: the answer shows whether the server still has the same file.
 */
static int begin_behind(struct http_transfer *t, struct failure *f)
{
	struct stat st;
	int r;

	digest_free(t->digest);
	t->digest = digest_begin(t->request->digest_kind);
	t->size = 0;
	if (!*t->validator->etag || t->validator->total == 0)
		return 0;
	if (fstat(t->request->fd, &st) < 0)
		return failure_errno(f, -errno, "cannot look at %s", t->request->where);
	t->size = (uint64_t) st.st_size;
	if (t->size >= t->validator->total)
		t->size = t->validator->total - 1;
	t->answer->resumed = t->size;
	r = digest_add_file(t->digest, t->request->fd, t->size);
	return r < 0 ? failure_errno(f, r, "cannot read %s", t->request->where) : 0;
}

static int check_redirect(const struct http_transfer *t, const struct url *from,
			  const struct url *to, struct failure *f)
{
	if (strcmp(from->scheme, "https") == 0 && strcmp(to->scheme, "http") == 0 &&
	    !t->request->may_be_plain)
		return failure_set(
			f, FAILURE_NOT_PERMITTED,
			"%s: the server redirects from https to http, to %s; that is only "
			"followed where a signature or a given sum decides",
			from->shown, to->shown);
	return 0;
}

/* Send the request, and follow redirects. Only the first origin gets the password. */
static enum http_end follow(struct http_transfer *t, struct failure *f)
{
	struct url next;

	t->answer->url = *t->request->url;
	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		enum http_end end;

		t->url = &t->answer->url;
		t->has_credentials = urls_have_same_origin(t->url, t->request->url);
		end = http_transfer_run(t, f);
		if (end != HTTP_REDIRECT)
			return end;
		if (url_parse(t->arena, t->location, &next, f) < 0) {
			failure_prefix(f, "%s: the server redirects elsewhere", t->url->shown);
			return HTTP_FAILED;
		}
		if (check_redirect(t, t->url, &next, f) < 0)
			return HTTP_FAILED;
		t->answer->url = next;
	}
	failure_set(f, FAILURE_OTHER, "%s: the server redirects more than %d times",
		    t->request->url->shown, REDIRECTS_MAX);
	return HTTP_FAILED;
}

static int fetch_all(struct http_transfer *t, struct failure *f)
{
	int n_restarts = 0;
	uint64_t before;

	if (begin_behind(t, f) < 0)
		return -1;
	for (int n_cuts = 0; n_cuts < CUTS_MAX; n_cuts++) {
		before = t->size;
		switch (follow(t, f)) {
		case HTTP_DONE: return 0;
		case HTTP_RESTART:
			if (n_restarts++ == RESTARTS_MAX)
				return failure_set(f, FAILURE_OTHER,
						   "%s: the server answers parts that don't fit",
						   t->url->shown);
			*t->validator = (struct fetch_validator){ 0 };
			t->answer->resumed = 0;
			if (begin_behind(t, f) < 0)
				return -1;
			break;
		case HTTP_CUT:
			/* Continue a broken transfer, if that is possible and it has made progress. */
			if (!*t->validator->etag || t->size <= before)
				return -1;
			break;
		default: return -1;
		}
	}
	return -1;
}

int fetch(struct arena *arena, const struct fetch_request *request, struct fetch_answer *answer,
	  struct failure *f)
{
	struct fetch_validator none = { 0 };
	CLEANUP(http_transfer_done)
	struct http_transfer t = {
		.arena = arena,
		.request = request,
		.answer = answer,
		.validator = request->validator ? request->validator : &none,
		.curl = curl_easy_init(),
	};

	if (!t.curl)
		arena_out_of_memory();
	*answer = (struct fetch_answer){ 0 };
	if (fetch_all(&t, f) < 0)
		return -1;
	answer->size = t.size;
	if (t.offset == 0)
		answer->resumed = 0;
	digest_get(t.digest, &answer->digest);
	return 0;
}

/* Storage services answer 403 for missing files, so that nobody can find out which files exist. */
bool fetch_is_missing(long status)
{
	return status == 403 || status == 404 || status == 410;
}

static bool may_continue(void *data, uint64_t done, uint64_t total)
{
	const struct fetch_text_request *request = data;

	(void) done;
	(void) total;
	return !request->is_stopped || !request->is_stopped();
}

int fetch_text(struct arena *arena, const struct fetch_text_request *request, char **text,
	       size_t *size, struct url *final, struct failure *f)
{
	CLEANUP_CLOSE int fd = memfd_create("text", MFD_CLOEXEC);
	struct fetch_answer answer;
	struct url url;
	ssize_t n;

	if (fd < 0)
		return failure_errno(f, -errno, "cannot make a file in memory");
	if (url_parse(arena, request->address, &url, f) < 0)
		return -1;
	if (!may_continue((void *) request, 0, 0))
		return failure_set(f, FAILURE_OTHER, "%s: cancelled", url.shown);
	if (fetch(arena,
		  &(struct fetch_request){ .url = &url,
					   .fd = fd,
					   .where = "memory",
					   .size_max = request->size_max,
					   .seconds_max = FETCH_TEXT_SECONDS_MAX,
					   .may_be_plain = request->may_be_plain,
					   .progress = may_continue,
					   .data = (void *) request },
		  &answer, f) < 0)
		return fetch_is_missing(answer.status) ? 0 : -1;
	*text = arena_alloc(arena, (size_t) answer.size + 1);
	n = pread(fd, *text, (size_t) answer.size, 0);
	if (n < 0)
		return failure_errno(f, -errno, "cannot read a file in memory");
	*size = (size_t) n;
	*final = answer.url;
	return 1;
}

const char *size_format(uint64_t size, char text[static SIZE_TEXT_SIZE])
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double) size;
	size_t unit = 0;

	while (value >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1000;
		unit++;
	}
	snprintf(text, SIZE_TEXT_SIZE, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}
