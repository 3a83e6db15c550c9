/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pages of an LMDB file (format of LMDB 0.9), read without LMDB: by
 * pread(2) into a window inside this struct, or in place where the caller has
 * mapped them. LMDB trusts its pages: a damaged one ends the program that reads
 * it. Here every page number, offset and length is checked before it is used,
 * and a search visits at most PAGES_DEPTH_MAX pages, so a damaged file is
 * -EUCLEAN. Nothing is allocated, and files of 32-bit and 64-bit writers are
 * both read.
 *
 * A value that a function returns is good until the next call for the same
 * pages, or, where they are mapped, for as long as they are.
 *
 * Functions return 0, -ENOENT, -EUCLEAN, or another negative errno; -ERANGE
 * for a value that the window and `room` are too small for.
 */
#pragma once

#include "registry/database.h"
#include "registry/value.h"

#include <stdbool.h>
#include <stdint.h>

#define PAGES_DEPTH_MAX 16

/* A page of LMDB's where the kernel's pages have 4096 bytes. Larger ones are read in parts. */
#define PAGES_WINDOW_SIZE 4096

/* Values in `roots` for a database that isn't known yet, and for one without an entry. */
#define ROOT_UNKNOWN 0u
#define ROOT_EMPTY   UINT32_MAX

struct pages {
	int fd;
	/* How a part of the file, at most a window, is read; NULL: by pages_read(). */
	int (*read)(const struct pages *pages, uint8_t *to, size_t size, uint64_t at);
	const uint8_t *mapped; /* all bytes of the pages, or NULL: read them */
	uint64_t size;	       /* bytes of all pages */
	uint32_t page_size;    /* 0: not known yet */
	uint32_t word_size;    /* sizeof(size_t) of the writer: 4 or 8 */
	uint32_t roots[DB_COUNT];

	/* The caller's, for a value that doesn't fit into the window, at its end. May be NULL. */
	uint8_t *room;
	size_t room_size;
	size_t room_used; /* by the value that was read last */

	uint64_t window_at;
	size_t window_size; /* 0: nothing is in it */
	uint8_t window[PAGES_WINDOW_SIZE];
};

/* Sizes from 512 bytes to 64 KiB that are a power of two. */
bool page_size_is_valid(uint64_t size);

/* Read a part of the file by pread(2). */
int pages_read(const struct pages *pages, uint8_t *to, size_t size, uint64_t at);

/* LMDB's record of a database. */
struct page_tree {
	uint32_t root; /* page number, or ROOT_EMPTY */
	uint64_t entries;
	uint64_t pages; /* that it takes */
	uint16_t flags; /* LMDB's, of how its keys sort */
	uint16_t depth; /* of its leaves; 0 where it is empty */
};

/* Read LMDB's own account of a database. */
int pages_tree(struct pages *pages, enum database database, struct page_tree *tree);

/* How many pages LMDB has ever used in this file, whether they are in use now or free. */
int pages_last(struct pages *pages, uint64_t *number);

/* The value of a key. -ENOENT if there is none. */
int pages_get(struct pages *pages, enum database database, struct value key, struct value *value);

/* A place in a database: the way from its root down to an entry. */
struct position {
	uint32_t depth; /* 0: nowhere */
	struct {
		uint32_t page;
		uint32_t index;
	} path[PAGES_DEPTH_MAX];
};

/* Go to the first entry whose key isn't below `key`. -ENOENT if there is none. */
int pages_seek(struct pages *pages, enum database database, struct value key,
	       struct position *position);

/* Go to the last entry. -ENOENT in an empty database. */
int pages_seek_last(struct pages *pages, enum database database, struct position *position);

/* Go to the entry after or before this one. -ENOENT if there is none. */
int pages_next(struct pages *pages, struct position *position);
int pages_previous(struct pages *pages, struct position *position);

/* The key, and the value, of the entry at a position. */
int pages_key(struct pages *pages, const struct position *position, struct value *key);
int pages_value(struct pages *pages, const struct position *position, struct value *value);
