/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file from a server, by libcurl. The server is a stranger: what it sends has limits in size and
 * in time, the bytes are taken as they are stored, and are appended to earlier ones only where the
 * server proves that they belong together.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/fetch/digest.h"
#include "tools/fetch/url.h"

#include <stdbool.h>
#include <stdint.h>

/* An ETag, with its NUL. Longer ones aren't used. */
#define ETAG_SIZE 256

/*
 * Identifies the contents of a file on a server: a strong ETag, and the whole size. Bytes of two
 * answers belong together only if both are equal. The ETag is empty if the server gave none.
 */
struct fetch_validator {
	char etag[ETAG_SIZE];
	uint64_t total;
};

struct fetch_request {
	const struct url *url;
	int fd;		   /* of a file that is open for reading and writing */
	const char *where; /* its path, for messages about space */
	uint64_t size_max;
	int stall_seconds; /* give up after this many seconds with less than 30 bytes a second; 0 means 60 */
	int seconds_max; /* give up after this many seconds; 0: never */
	/*
	 * Whether redirects may lead from https to http: only if a signature or a sum from the user
	 * is checked later.
	 */
	bool may_be_plain;
	enum digest_kind digest_kind; /* the kind of digest to compute */
	const char *authorization;    /* for this origin only; NULL is none */
	const char *accept;	      /* the media types to ask for; NULL is any */
	/* ETags of what is there already, in a header's form; NULL is none. */
	const char *known_etags;
	/*
	 * If the ETag isn't empty, `fd` contains the beginning of that file, or nothing. Becomes
	 * the validator of the file that is fetched.
	 */
	struct fetch_validator *validator;
	/*
	 * Called after `fd` was emptied, and before bytes with this validator are written. Returns
	 * 0 or a negative errno.
	 */
	int (*started)(void *data, const struct fetch_validator *validator);
	/* Called from time to time. `total` is 0 if it isn't known. Returns whether to continue. */
	bool (*progress)(void *data, uint64_t done, uint64_t total);
	void *data;
	/* Looks at the first bytes, up to 512. Returns 0, or -1 with a failure. */
	int (*check_head)(void *data, const void *head, size_t size, const char *content_type,
			  struct failure *failure);
};

/* In the arena. */
struct fetch_answer {
	struct url url; /* after all redirects */
	long status;	/* of HTTP */
	uint64_t size;
	uint64_t resumed; /* the number of bytes that existed before */
	struct digest digest;
	const char *etag; /* "" if there is none */
	const char *content_type;
	const char *challenge;	    /* WWW-Authenticate; several are joined by commas */
	const char *content_digest; /* Docker-Content-Digest */
	bool is_known; /* status 304: the file is one of `known_etags`, and nothing was fetched */
};

/* The default limit of a file's size: 64 GiB. */
#define FETCH_SIZE_MAX ((uint64_t) 64 << 30)

/*
 * Fetch a file. 0, or -1 with a failure; answer->status is set if the server answered. Bytes that
 * came before a failure stay in `fd`, and `validator` identifies them.
 */
int fetch(struct arena *arena, const struct fetch_request *request, struct fetch_answer *answer,
	  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* The limit for a file that is fetched into memory, in seconds. */
#define FETCH_TEXT_SECONDS_MAX 300

/* Whether a status of HTTP means that the file doesn't exist. */
bool fetch_is_missing(long status);

struct fetch_text_request {
	const char *address;
	size_t size_max; /* in bytes */
	bool may_be_plain;
	bool (*is_stopped)(void); /* asked before and meanwhile; NULL is never */
};

/*
 * Fetch a small text into the arena, and append a NUL. Returns 1; 0 if the server doesn't have the file; or -1 with
 * a failure.
 */
int fetch_text(struct arena *arena, const struct fetch_text_request *request, char **text,
	       size_t *size, struct url *final, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* "1.2 kB": in powers of 1000. */
#define SIZE_TEXT_SIZE 32
const char *size_format(uint64_t size, char text[static SIZE_TEXT_SIZE]);
