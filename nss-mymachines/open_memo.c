/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Of the registry that was opened last: its meta record, and the root page of
 * its names. Whoever looks up once pays for neither: the page, and the names
 * that the registry lacks, are learnt when a snapshot is opened again.
 */
#include "nss-mymachines/memo.h"

#include <stddef.h>
#include <unistd.h>

#define META_WORDS (sizeof(struct registry_meta) / sizeof(uint64_t))
#define PAGE_WORDS (PAGES_WINDOW_SIZE / sizeof(uint64_t))

static struct {
	struct sequence_lock lock;
	_Atomic uint32_t root_size; /* bytes of the root page; 0: it isn't known */
	struct memo_identity identity;
	_Atomic uint64_t meta[META_WORDS];
} opened MEMO_HOT;

MEMO_TABLE static _Atomic uint64_t root[PAGE_WORDS];

static bool recall_meta(const struct registry_identity *now, const struct stat *st,
			struct registry_meta *meta)
{
	uint64_t words[META_WORDS];
	unsigned int count;

	if (!sequence_read_begin(&opened.lock, &count) || !memo_is_of(&opened.identity, now))
		return false;
	load_words(words, opened.meta, META_WORDS);
	if (!sequence_read_is_good(&opened.lock, count))
		return false;
	memcpy(meta, words, sizeof *meta);
	return meta->file_size == (uint64_t) st->st_size;
}

static void remember_meta(const struct registry_identity *now, const struct registry_meta *meta)
{
	if (!sequence_write_begin(&opened.lock))
		return;
	store32(&opened.root_size, 0);
	memo_set_identity(&opened.identity, now);
	store_bytes(opened.meta, meta, sizeof *meta);
	sequence_write_end(&opened.lock);
}

static bool recall_root(const struct registry_identity *now, uint8_t *to, size_t size)
{
	unsigned int count;

	if (!sequence_read_begin(&opened.lock, &count) || !memo_is_of(&opened.identity, now) ||
	    load32(&opened.root_size) != size)
		return false;
	load_page(to, root, size);
	return sequence_read_is_good(&opened.lock, count);
}

static void remember_root(const struct registry_identity *now, const uint8_t *bytes, size_t size)
{
	if (!sequence_write_begin(&opened.lock))
		return;
	/* Another thread may have opened another snapshot. */
	if (memo_is_of(&opened.identity, now)) {
		store_bytes(root, bytes, size);
		store32(&opened.root_size, (uint32_t) size);
	}
	sequence_write_end(&opened.lock);
}

/* Of a snapshot that was opened before. */
static int read_pages(const struct pages *p, uint8_t *to, size_t size, uint64_t at)
{
	const struct snapshot *s =
		(const void *) ((const char *) p - offsetof(struct snapshot, pages));
	int r;

	/* At the end of a damaged file there may be less than a page. */
	if (p->page_size == 0 || at != (uint64_t) s->meta.name_root * p->page_size ||
	    size % p->page_size)
		return pages_read(p, to, size, at);
	if (recall_root(&s->identity, to, size))
		return 0;
	r = pages_read(p, to, size, at);
	if (r == 0)
		remember_root(&s->identity, to, size);
	return r;
}

/* 0 or an error of registry/file.h. */
static int read_meta(struct snapshot *s, int fd, const struct stat *st, bool *is_known)
{
	int r;

	*is_known = recall_meta(&s->identity, st, &s->meta);
	if (*is_known)
		return 0;
	r = registry_meta_read(fd, st, &s->meta);
	if (r == 0)
		remember_meta(&s->identity, &s->meta);
	return r;
}

int memo_open_registry(struct snapshot *s, uint8_t *room, size_t room_size)
{
	struct stat st;
	int fd = registry_file_open_unread(REGISTRY_PATH, &st, &s->identity), r;
	bool is_known;

	s->is_open = false;
	if (fd < 0)
		return fd;
	r = read_meta(s, fd, &st, &is_known);
	if (r < 0) {
		close(fd);
		return r;
	}
	snapshot_init(s, fd);
	s->pages.room = room;
	s->pages.room_size = room_size;
	if (is_known)
		s->pages.read = read_pages;
	return 0;
}

bool memo_knew_registry(const struct snapshot *s)
{
	return s->pages.read == read_pages;
}
