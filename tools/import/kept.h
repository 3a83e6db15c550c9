/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A download that is kept: a read-only hidden image in the pool, with a name after its address and ETag as
 * systemd-importd gives it. As long as the server says that the file has not changed, images are copied from it.
 * An attribute tells what was fetched, and its sum: what is checked at the next pull is that sum.
 */
#pragma once

#include "tools/images/image_name.h"

#include <stdbool.h>
#include <stddef.h>

/* "SUM ETAG ADDRESS". Only root reads and writes attributes of this kind. */
#define KEPT_ATTRIBUTE	   "trusted.mymachines.kept"
#define KEPT_ATTRIBUTE_MAX 4096

struct kept {
	char name[IMAGE_NAME_SIZE];
	char attribute[KEPT_ATTRIBUTE_MAX];
	bool is_there; /* nothing was fetched */
};

struct arena;
struct digest;
struct url;

/* The kept downloads of one address. All in an arena. */
struct kept_list {
	struct kept_item *items;
	size_t count;
	const char *etags; /* for If-None-Match; NULL if there is none */
};

struct kept_item {
	const char *name, *etag;
	struct digest *digest; /* of what was fetched */
};

/* Describe a download of `url`. An ETag that isn't strong is none. */
void kept_describe(struct kept *kept, struct arena *arena, bool is_tar, const struct url *url,
		   const char *etag, const struct digest *digest);

/* Find what is kept of an address. */
void kept_find(struct kept_list *list, struct arena *arena, int pool, bool is_tar,
	       const struct url *url);

/* Find the one with an ETag, or NULL. */
const struct kept_item *kept_with_etag(const struct kept_list *list, const char *etag);
