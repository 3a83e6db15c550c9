/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of HTTP headers, as a server sends them: RFC 9110. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The bytes from `first` to `last`, both included, of `total`. */
struct content_range {
	uint64_t first, last, total;
};

/* Parse Content-Range. False if it isn't valid, or doesn't tell the total. */
bool content_range_parse(const char *text, struct content_range *range);

/* Whether an ETag is valid, and promises the same bytes: section 8.8.3. */
bool etag_is_strong(const char *etag);
