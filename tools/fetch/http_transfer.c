/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/http_transfer.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "base/holes.h"
#include "tools/fetch/content_kind.h"
#include "tools/fetch/http_header.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define STALL_SECONDS	      60
#define STALL_BYTES_A_SECOND  30L
#define HEADER_VALUE_SIZE_MAX 4096
/* Read this much of an unwanted answer, so that the connection can be used again. */
#define DISCARDED_SIZE_MAX (64 * 1024)

static int end_with(struct http_transfer *t, enum http_end end)
{
	t->end = end;
	return -1;
}

/* Fail because bytes can't be written. `missing` is how much space is missing, or 0 if that isn't known. */
static int cannot_write(struct http_transfer *t, int error, uint64_t missing)
{
	const char *what = error == -EDQUOT ? "the quota is used up" : "no space is left";
	char size[SIZE_TEXT_SIZE];

	if (error != -ENOSPC && error != -EDQUOT)
		failure_errno(t->failure, error, "cannot write to %s", t->request->where);
	else if (missing)
		failure_set(t->failure, FAILURE_NO_SPACE,
			    "%s on the file system of %s: %s more are needed", what,
			    t->request->where, size_format(missing, size));
	else
		failure_set(t->failure, FAILURE_NO_SPACE, "%s on the file system of %s", what,
			    t->request->where);
	t->failure->error = error;
	return end_with(t, HTTP_FAILED);
}

static int too_large(struct http_transfer *t, uint64_t size)
{
	char has[SIZE_TEXT_SIZE], most[SIZE_TEXT_SIZE];

	size_format(t->request->size_max, most);
	if (size)
		failure_set(t->failure, FAILURE_INVALID, "%s has %s, and %s are the limit",
			    t->url->shown, size_format(size, has), most);
	else
		failure_set(t->failure, FAILURE_INVALID, "%s has more than %s, which is the limit",
			    t->url->shown, most);
	return end_with(t, HTTP_FAILED);
}

/*
 * Check the free space now rather than fail after an hour. Blocks that are reserved for root count,
 * because this is root.
 */
static int check_space(struct http_transfer *t, uint64_t needed)
{
	struct statvfs fs;
	uint64_t left;

	if (fstatvfs(t->request->fd, &fs) < 0 || fs.f_blocks == 0)
		return 0;
	left = (uint64_t) fs.f_bfree * fs.f_frsize;
	return needed <= left ? 0 : cannot_write(t, -ENOSPC, needed - left);
}

static uint64_t content_length(struct http_transfer *t)
{
	curl_off_t length = -1;

	curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length > 0 ? (uint64_t) length : 0;
}

/* Begin at 0: the server sends the whole file, whether a part was asked for or not. */
static int begin_whole(struct http_transfer *t)
{
	const struct fetch_request *request = t->request;
	struct fetch_validator v = { .total = content_length(t) };
	const char *etag = t->answer->etag;
	int r;

	if (v.total > request->size_max)
		return too_large(t, v.total);
	if (v.total && etag_is_strong(etag) && strlen(etag) < sizeof v.etag)
		strcpy(v.etag, etag);
	t->size = t->offset = 0;
	t->head_is_checked = false;
	*t->validator = v;
	if (ftruncate(request->fd, 0) < 0)
		return cannot_write(t, -errno, 0);
	r = request->started ? request->started(request->data, t->validator) : 0;
	if (r < 0)
		return cannot_write(t, r, 0);
	digest_free(t->digest);
	t->digest = digest_begin(request->digest_kind);
	return check_space(t, v.total);
}

/* The server sends a part: check that it belongs to this file, and continues where ours ends. */
static int begin_part(struct http_transfer *t)
{
	struct content_range range;

	if (t->offset == 0) {
		failure_set(t->failure, FAILURE_OTHER,
			    "%s: the server sent a part (206), and was asked for the whole",
			    t->url->shown);
		return end_with(t, HTTP_FAILED);
	}
	if (!content_range_parse(t->content_range, &range) || range.first != t->offset ||
	    range.total != t->validator->total)
		return end_with(t, HTTP_RESTART);
	if (*t->answer->etag && strcmp(t->answer->etag, t->validator->etag) != 0)
		return end_with(t, HTTP_RESTART);
	/* Behind it, there are only zeros then. */
	if (ftruncate(t->request->fd, (off_t) t->offset) < 0)
		return cannot_write(t, -errno, 0);
	return check_space(t, range.total - t->offset);
}

static int begin_body(struct http_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	t->answer->status = status;
	t->has_begun = true;
	if (status == 200)
		return begin_whole(t);
	if (status == 206)
		return begin_part(t);
	t->is_discarded = true;
	return 0;
}

/* Blocks of zeros become holes: the file may be a disk, whose blocks an image gets to share. */
static int write_body(struct http_transfer *t, const char *bytes, size_t size)
{
	uint64_t written = 0;
	int r = sparse_write(t->request->fd, bytes, size, (int64_t) t->size, &written);

	if (r == 0 && written < size && ftruncate(t->request->fd, (off_t) (t->size + size)) < 0)
		r = -errno;
	if (r < 0)
		return cannot_write(
			t, r, t->validator->total > t->size ? t->validator->total - t->size : 0);
	digest_add(t->digest, bytes, size);
	t->size += size;
	return 0;
}

/* Check the first bytes as soon as there are enough, or when the answer has ended. */
static int check_head(struct http_transfer *t, bool is_all)
{
	char head[CONTENT_HEAD_SIZE];
	ssize_t n;

	if (t->head_is_checked || !t->request->check_head || (!is_all && t->size < sizeof head))
		return 0;
	t->head_is_checked = true;
	n = pread(t->request->fd, head, sizeof head, 0);
	if (n < 0)
		return cannot_write(t, -errno, 0);
	if (t->request->check_head(t->request->data, head, (size_t) n, t->answer->content_type,
				   t->failure) < 0)
		return end_with(t, HTTP_FAILED);
	return 0;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *data)
{
	struct http_transfer *t = data;
	size_t size = one * count;

	if (!t->has_begun && begin_body(t) < 0)
		return 0;
	if (t->is_discarded) {
		t->n_discarded += size;
		return t->n_discarded <= DISCARDED_SIZE_MAX ? size : 0;
	}
	if (size > t->request->size_max || t->size > t->request->size_max - size) {
		too_large(t, 0);
		return 0;
	}
	return write_body(t, bytes, size) == 0 && check_head(t, false) == 0 ? size : 0;
}

static const char *header_value(struct http_transfer *t, const char *line, size_t length)
{
	char *value;

	while (length && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	while (length && strchr(" \t\r\n", line[length - 1]))
		length--;
	if (length > HEADER_VALUE_SIZE_MAX)
		length = 0;
	value = arena_alloc(t->arena, length + 1);
	memcpy(value, line, length);
	return value;
}

/* A status line begins a new answer, also after "100 Continue". */
static void forget_headers(struct http_transfer *t)
{
	t->content_range = "";
	t->answer->etag = "";
	t->answer->content_type = "";
	t->answer->challenge = "";
	t->answer->content_digest = "";
}

/* A server may send one header for each of its ways to log in. */
static const char *join_values(struct http_transfer *t, const char *first, const char *second)
{
	if (!*first || strlen(first) + strlen(second) > HEADER_VALUE_SIZE_MAX)
		return *first ? first : second;
	return arena_printf(t->arena, "%s, %s", first, second);
}

static size_t on_header(char *line, size_t one, size_t count, void *data)
{
	struct http_transfer *t = data;
	size_t length = one * count;
	const char *colon = memchr(line, ':', length);
	const struct {
		const char *name;
		const char **value;
	} wanted[] = {
		{ "content-range", &t->content_range },
		{ "etag", &t->answer->etag },
		{ "content-type", &t->answer->content_type },
		{ "www-authenticate", &t->answer->challenge },
		{ "docker-content-digest", &t->answer->content_digest },
	};

	if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
		forget_headers(t);
	for (size_t i = 0; colon && i < sizeof wanted / sizeof *wanted; i++)
		if (strlen(wanted[i].name) == (size_t) (colon - line) &&
		    strncasecmp(wanted[i].name, line, (size_t) (colon - line)) == 0) {
			const char *value =
				header_value(t, colon + 1, length - (size_t) (colon + 1 - line));

			*wanted[i].value = wanted[i].value == &t->answer->challenge
						   ? join_values(t, *wanted[i].value, value)
						   : value;
		}
	return length;
}

static int on_progress(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	struct http_transfer *t = data;

	(void) total;
	(void) now;
	(void) up_total;
	(void) up_now;
	if (!t->request->progress)
		return 0;
	return !t->request->progress(t->request->data, t->size, t->validator->total);
}

static void headers_done(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void add_header(struct http_transfer *t, struct curl_slist **list, const char *name,
		       const char *value)
{
	struct curl_slist *longer =
		curl_slist_append(*list, arena_printf(t->arena, "%s: %s", name, value));

	if (!longer)
		arena_out_of_memory();
	*list = longer;
}

static struct curl_slist *make_headers(struct http_transfer *t)
{
	const struct fetch_request *request = t->request;
	struct curl_slist *list = NULL;

	/* Ask for no compression: sums are of the file as it is stored. */
	add_header(t, &list, "Accept-Encoding", "identity");
	if (request->accept)
		add_header(t, &list, "Accept", request->accept);
	if (request->authorization && t->has_credentials)
		add_header(t, &list, "Authorization", request->authorization);
	if (request->known_etags && *request->known_etags)
		add_header(t, &list, "If-None-Match", request->known_etags);
	if (t->offset) {
		add_header(t, &list, "Range",
			   arena_printf(t->arena, "bytes=%llu-", (unsigned long long) t->offset));
		add_header(t, &list, "If-Range", t->validator->etag);
	}
	return list;
}

/* As curl(1) does. Administrators name certificate authorities of their own in these variables. */
static void set_authorities(CURL *curl)
{
	const char *bundle = secure_getenv("CURL_CA_BUNDLE"), *directory;

	if (!bundle || !*bundle)
		bundle = secure_getenv("SSL_CERT_FILE");
	directory = secure_getenv("SSL_CERT_DIR");
	if (bundle && *bundle)
		curl_easy_setopt(curl, CURLOPT_CAINFO, bundle);
	if (directory && *directory)
		curl_easy_setopt(curl, CURLOPT_CAPATH, directory);
}

static void set_options(struct http_transfer *t, struct curl_slist *headers, char *errors)
{
	const struct url *first = t->request->url;
	long seconds = t->request->stall_seconds ? t->request->stall_seconds : STALL_SECONDS;
	CURL *curl = t->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, t->url->address);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	/* fetch() follows redirects, because it knows which server may get the password. */
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	if (t->has_credentials && first->user) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, first->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, first->password ? first->password : "");
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_A_SECOND);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, seconds);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, seconds);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long) t->request->seconds_max);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, errors);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
	set_authorities(curl);
}

static enum http_end status_failure(struct http_transfer *t)
{
	static const struct {
		long status;
		enum failure_kind kind;
		const char *words;
	} known[] = {
		{ 401, FAILURE_NOT_PERMITTED, "the server wants a user and a password" },
		{ 403, FAILURE_NOT_PERMITTED, "the server doesn't permit it" },
		{ 404, FAILURE_NO_SUCH_FILE, "the server has no such file" },
		{ 407, FAILURE_NOT_PERMITTED, "the proxy wants a user and a password" },
		{ 410, FAILURE_NO_SUCH_FILE, "the server has no such file any more" },
		{ 429, FAILURE_BUSY, "the server gets too many requests; try again later" },
		{ 503, FAILURE_BUSY, "the server is busy; try again later" },
	};
	long status = t->answer->status;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].status == status) {
			failure_set(t->failure, known[i].kind, "%s: %s (%ld)", t->url->shown,
				    known[i].words, status);
			return HTTP_FAILED;
		}
	failure_set(t->failure, FAILURE_OTHER, "%s: the server answered with status %ld",
		    t->url->shown, status);
	return HTTP_FAILED;
}

/* The answer is complete, or isn't the file. */
static enum http_end judge_status(struct http_transfer *t)
{
	char *location = NULL;

	if (t->answer->status == 200 || t->answer->status == 206) {
		if (check_head(t, true) < 0)
			return t->end;
		if (t->validator->total && t->size != t->validator->total) {
			failure_set(t->failure, FAILURE_OTHER, "%s: the answer ended too early",
				    t->url->shown);
			return HTTP_CUT;
		}
		return HTTP_DONE;
	}
	if (t->answer->status == 304 && t->request->known_etags) {
		t->answer->is_known = true;
		return HTTP_DONE;
	}
	if (t->answer->status == 416 && t->offset)
		return HTTP_RESTART;
	curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &location);
	if (!location)
		return status_failure(t);
	t->location = arena_strdup(t->arena, location);
	return HTTP_REDIRECT;
}

static enum http_end judge_error(struct http_transfer *t, CURLcode code, const char *errors)
{
	char text[CURL_ERROR_SIZE], escaped[ESCAPED_SIZE(sizeof text)];
	char done[SIZE_TEXT_SIZE], total[SIZE_TEXT_SIZE];

	snprintf(text, sizeof text, "%s", *errors ? errors : curl_easy_strerror(code));
	escape(text, escaped);
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		failure_set(t->failure, FAILURE_TIMED_OUT,
			    "%s: the server sent next to nothing for a time: %s", t->url->shown,
			    escaped);
		return t->has_begun && !t->request->seconds_max ? HTTP_CUT : HTTP_FAILED;
	case CURLE_ABORTED_BY_CALLBACK:
		failure_set(t->failure, FAILURE_OTHER, "%s: cancelled", t->url->shown);
		return HTTP_FAILED;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		if (t->validator->total)
			failure_set(t->failure, FAILURE_OTHER,
				    "%s: the connection ended after %s of %s", t->url->shown,
				    size_format(t->size, done),
				    size_format(t->validator->total, total));
		else
			failure_set(t->failure, FAILURE_OTHER, "%s: the connection ended: %s",
				    t->url->shown, escaped);
		return HTTP_CUT;
	default:
		failure_set(t->failure, FAILURE_OTHER, "cannot fetch %s: %s", t->url->shown,
			    escaped);
		return HTTP_FAILED;
	}
}

enum http_end http_transfer_run(struct http_transfer *t, struct failure *f)
{
	CLEANUP(headers_done) struct curl_slist *headers = NULL;
	char errors[CURL_ERROR_SIZE] = "";
	CURLcode code;

	t->offset = t->size;
	t->has_begun = t->is_discarded = false;
	t->n_discarded = 0;
	t->end = HTTP_DONE;
	t->failure = f;
	t->location = NULL;
	t->answer->status = 0;
	forget_headers(t);
	headers = make_headers(t);
	set_options(t, headers, errors);
	code = curl_easy_perform(t->curl);
	/* libcurl doesn't call us for an empty body. */
	if (code == CURLE_OK && !t->has_begun && begin_body(t) < 0)
		return t->end;
	if (t->end != HTTP_DONE)
		return t->end;
	if (code == CURLE_OK || (t->is_discarded && code != CURLE_ABORTED_BY_CALLBACK))
		return judge_status(t);
	return judge_error(t, code, errors);
}
