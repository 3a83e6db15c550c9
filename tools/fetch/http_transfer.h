/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request to a server and its answer: what fetch() is made of. */
#pragma once

#include "tools/fetch/fetch.h"

#include <curl/curl.h>

enum http_end {
	HTTP_DONE,
	HTTP_REDIRECT, /* to .location */
	HTTP_RESTART,  /* the bytes that exist belong to another file: start again */
	HTTP_CUT,      /* the connection broke; the failure says why */
	HTTP_FAILED,
};

struct http_transfer {
	struct arena *arena;
	const struct fetch_request *request;
	struct fetch_answer *answer;
	struct fetch_validator *validator;
	struct digest_context *digest; /* of the first `size` bytes */
	CURL *curl;
	const struct url *url; /* the address of this request */
	bool has_credentials;
	uint64_t size; /* the number of bytes that exist: where to continue */
	const char *location;
	bool head_is_checked;
	/* The state of this request: */
	uint64_t offset;
	bool has_begun, is_discarded;
	size_t n_discarded;
	const char *content_range;
	enum http_end end; /* the callbacks' decision; HTTP_DONE: none yet */
	struct failure *failure;
};

/* Ask for it, from `size` on. */
enum http_end http_transfer_run(struct http_transfer *transfer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
