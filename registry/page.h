/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single pages and nodes of an LMDB file, for registry/pages.c and registry/pages_check.c. */
#pragma once

#include "registry/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BRANCH   0x01
#define PAGE_LEAF     0x02
#define PAGE_OVERFLOW 0x04
#define PAGE_META     0x08

#define NODE_BIG  0x01 /* the value is in overflow pages */
#define NODE_TREE 0x02 /* the value is a tree: in the main tree only */

#define NODE_HEADER_SIZE 8

struct page {
	uint64_t at;	      /* of its first byte */
	const uint8_t *bytes; /* all of it; NULL if it is larger than the window */
	uint32_t number;
	bool is_leaf;
	uint32_t count; /* of its nodes */
	uint32_t upper; /* where the bytes of its nodes begin, within the page */
};

struct node {
	uint64_t at;	 /* of the byte behind its key */
	uint64_t number; /* the page below, or the size of the value */
	uint16_t flags;
	struct value key;
};

/* What a tree has in it. A meta page names one of each of the first two, in this order. */
enum tree_kind { TREE_OF_FREE_PAGES, TREE_OF_DATABASES, TREE_OF_ENTRIES };

uint16_t page_u16(const uint8_t *at);
uint32_t page_u32(const uint8_t *at);
uint64_t page_word(const struct pages *pages, const uint8_t *at);
size_t page_header_size(const struct pages *pages);

/* Bytes of the file, wherever they are in it. */
int pages_view(struct pages *pages, uint64_t at, size_t size, const uint8_t **bytes);

/* A branch or a leaf. Its number, its kind and the bounds of its nodes are checked. */
int page_open(struct pages *pages, uint64_t number, struct page *page);

/* A node whose header and key are within its page. */
int node_open(struct pages *pages, const struct page *page, uint32_t index, struct node *node);

/* The first of the pages that a value has for itself, for a value of `size` bytes. */
int overflow_open(struct pages *pages, uint64_t number, size_t size, uint32_t *count);

/* Read a tree from its bytes in a meta page or in a node. */
int tree_read(const struct pages *pages, const uint8_t *bytes, struct page_tree *tree);
size_t tree_size(const struct pages *pages);

int pages_main_tree(struct pages *pages, enum tree_kind kind, struct page_tree *tree);
