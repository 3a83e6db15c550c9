/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses that images are fetched from. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>

/* All in an arena. */
struct url {
	const char *address; /* the address without user, password and fragment, for requests */
	const char *shown; /* the same without the query, which may contain a token: for messages */
	const char *scheme; /* "http" or "https" */
	const char *host;
	const char *port;
	const char *user; /* NULL if there is none */
	const char *password;
	const char *path; /* with its escapes */
};

/* Parse an address of http or https. 0, or -1 with a failure. */
int url_parse(struct arena *arena, const char *text, struct url *url, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether both have the same scheme, host and port. A password for the one may be sent to the other. */
bool urls_have_same_origin(const struct url *a, const struct url *b);

/*
 * The last part of its path, without escapes: the publisher's name of the file. NULL if it is
 * empty, or can't be the name of a file.
 */
const char *url_file_name(struct arena *arena, const struct url *url);

/* A text in which all characters are escaped except those that RFC 3986 calls unreserved. */
const char *url_escape(struct arena *arena, const char *text);

/* The address of another file beside it: its text for url_parse(), with user and password. */
const char *url_beside(struct arena *arena, const struct url *url, const char *name);
