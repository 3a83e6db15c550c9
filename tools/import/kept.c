/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/kept.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "tools/fetch/digest.h"
#include "tools/fetch/fetch.h"
#include "tools/fetch/http_header.h"
#include "tools/images/tree_walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Digits of a sum in the place of an address that is too long, or has secrets in it. */
#define SUM_DIGITS 32

static const char *prefix_of(bool is_tar)
{
	return is_tar ? ".tar-" : ".raw-";
}

/* As systemd escapes addresses in names: \xHH for what a file's name should not have. */
static const char *escape_name(struct arena *arena, const char *text)
{
	char *escaped = arena_alloc(arena, 4 * strlen(text) + 1), *to = escaped;

	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;

		if (c > ' ' && c < 0x7f && !strchr("/.#\"'\\", c))
			*to++ = (char) c;
		else
			to += sprintf(to, "\\x%02x", c);
	}
	*to = '\0';
	return escaped;
}

static const char *sum_of(struct arena *arena, const char *text)
{
	struct digest digest = digest_of_text(text, DIGEST_SHA256);
	char hex[DIGEST_TEXT_SIZE];

	return arena_printf(arena, "%.*s", SUM_DIGITS, digest_format(&digest, hex));
}

static const char *usable_etag(const char *etag)
{
	return etag_is_strong(etag) && strlen(etag) < ETAG_SIZE && !strchr(etag, ' ') ? etag : "";
}

static bool is_secret(const struct url *url)
{
	return url->user || strcmp(url->address, url->shown) != 0;
}

void kept_describe(struct kept *kept, struct arena *arena, bool is_tar, const struct url *url,
		   const char *etag, const struct digest *digest)
{
	char tagged[DIGEST_TAGGED_SIZE];
	const char *address = is_secret(url) ? sum_of(arena, url->address)
					     : escape_name(arena, url->address),
		   *version;

	etag = usable_etag(etag);
	version = *etag ? arena_printf(arena, ".%s", escape_name(arena, etag)) : "";
	if (strlen(prefix_of(is_tar)) + strlen(address) + strlen(version) > IMAGE_NAME_MAX)
		address = sum_of(arena, url->address);
	if (strlen(prefix_of(is_tar)) + strlen(address) + strlen(version) > IMAGE_NAME_MAX)
		version = arena_printf(arena, ".%s", sum_of(arena, etag));
	*kept = (struct kept){ 0 };
	snprintf(kept->name, sizeof kept->name, "%s%s%s", prefix_of(is_tar), address, version);
	snprintf(kept->attribute, sizeof kept->attribute, "%s %s %s",
		 digest_format_tagged(digest, tagged), etag, url->address);
}

/* Open the file of an image that may be one: the image's root, or its disk. */
static int open_file(int pool, const char *file, bool is_tar)
{
	return openat(pool, file,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (is_tar ? O_DIRECTORY : 0));
}

/* Split "SUM ETAG ADDRESS", in place. */
static bool parse_attribute(char *text, const char *address, struct kept_item *item)
{
	char *etag = strchr(text, ' '), *rest = etag ? strchr(etag + 1, ' ') : NULL;

	if (!rest || strcmp(rest + 1, address) != 0)
		return false;
	*etag++ = *rest = '\0';
	item->etag = etag;
	return etag_is_strong(etag) && digest_parse_tagged(text, item->digest);
}

/* The name of the image in a file; a disk's is without its ending. NULL for another file. */
static const char *image_of_file(struct arena *arena, const char *file, bool is_tar)
{
	size_t stem = stem_length(file, ".raw");

	if (is_tar)
		return arena_strdup(arena, file);
	return stem ? arena_printf(arena, "%.*s", (int) stem, file) : NULL;
}

static bool read_item(struct arena *arena, int pool, const char *file, bool is_tar,
		      const struct url *url, struct kept_item *item)
{
	CLEANUP_CLOSE int fd = open_file(pool, file, is_tar);
	char *text = arena_alloc(arena, KEPT_ATTRIBUTE_MAX);
	ssize_t size = fd < 0 ? -1 : fgetxattr(fd, KEPT_ATTRIBUTE, text, KEPT_ATTRIBUTE_MAX - 1);

	if (size < 0)
		return false;
	text[size] = '\0';
	item->name = image_of_file(arena, file, is_tar);
	item->digest = arena_alloc(arena, sizeof *item->digest);
	return item->name && parse_attribute(text, url->address, item);
}

static void list_add(struct kept_list *list, struct arena *arena, const struct kept_item *item)
{
	list->items = arena_grow(arena, list->items, list->count, sizeof *item);
	list->items[list->count++] = *item;
	list->etags = list->etags ? arena_printf(arena, "%s, %s", list->etags, item->etag)
				  : item->etag;
}

void kept_find(struct kept_list *list, struct arena *arena, int pool, bool is_tar,
	       const struct url *url)
{
	struct tree_walk walk;
	int error = tree_walk_begin(&walk, pool);

	*list = (struct kept_list){ 0 };
	if (error < 0)
		return;
	for (const char *file; (file = tree_walk_next(&walk, &error));) {
		struct kept_item item;

		if (strncmp(file, prefix_of(is_tar), strlen(prefix_of(is_tar))) == 0 &&
		    read_item(arena, pool, file, is_tar, url, &item))
			list_add(list, arena, &item);
	}
	tree_walk_end(&walk);
}

const struct kept_item *kept_with_etag(const struct kept_list *list, const char *etag)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].etag, etag) == 0)
			return &list->items[i];
	return NULL;
}
