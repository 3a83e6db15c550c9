/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout is that of mdb.c of LMDB 0.9. A word is a size_t of the writer.
 *
 *   page    number (word), pad (2), flags (2), then
 *           branch and leaf: lower (2), upper (2), offsets of the nodes (2 each)
 *           overflow: how many pages (4), the bytes of one value
 *   node    low and high half of a number (2 each), flags (2), size of the key (2), the key, and
 *           in a leaf the value, whose size the number is, or the number of its overflow page;
 *           in a branch the number, with the flags as its bits 32 to 47, is the page below
 *   tree    pad (4), flags (2), depth (2), pages of the three kinds, entries, root (a word each)
 *   pages 0 and 1: a meta page each, the one with the larger transaction counts
 */
#include "registry/page.h"
#include "registry/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define KEY_SIZE_MAX   511
#define VALUE_SIZE_MAX (RECORD_SIZE_MAX + 1)

#define LMDB_MAGIC   0xbeefc0deu
#define LMDB_VERSION 1

bool page_size_is_valid(uint64_t size)
{
	return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

uint16_t page_u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

uint32_t page_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

uint64_t page_word(const struct pages *p, const uint8_t *at)
{
	uint64_t value;

	if (p->word_size == 4)
		return page_u32(at);
	memcpy(&value, at, sizeof value);
	return value;
}

int pages_read(const struct pages *p, uint8_t *to, size_t size, uint64_t at)
{
	ssize_t n = pread(p->fd, to, size, (off_t) at);

	/* The file is longer than this, or was: somebody has cut it. */
	if (n >= 0)
		return (size_t) n == size ? 0 : -EUCLEAN;
	return errno == EPERM ? -EACCES : -errno;
}

/* Have these bytes in the window: with all of their page, if that is small enough. */
static int fill_window(struct pages *p, uint64_t at, size_t size)
{
	uint64_t start = p->page_size ? at - at % p->page_size : at;
	size_t wanted;
	int r;

	if (at + size > start + PAGES_WINDOW_SIZE)
		start = at;
	wanted = p->size - start < PAGES_WINDOW_SIZE ? (size_t) (p->size - start)
						     : PAGES_WINDOW_SIZE;
	p->window_at = start;
	p->window_size = 0;
	r = p->read ? p->read(p, p->window, wanted, start)
		    : pages_read(p, p->window, wanted, start);
	if (r == 0)
		p->window_size = wanted;
	return r;
}

/* The one way to bytes of the file. */
int pages_view(struct pages *p, uint64_t at, size_t size, const uint8_t **bytes)
{
	int r;

	if (at > p->size || size > p->size - at)
		return -EUCLEAN;
	if (p->mapped) {
		*bytes = p->mapped + at;
		return 0;
	}
	if (at < p->window_at || at + size > p->window_at + p->window_size) {
		if (size > PAGES_WINDOW_SIZE) {
			if (size > p->room_size)
				return -ERANGE;
			p->room_used = size;
			*bytes = p->room + (p->room_size - size);
			return pages_read(p, p->room + (p->room_size - size), size, at);
		}
		r = fill_window(p, at, size);
		if (r < 0)
			return r;
	}
	*bytes = p->window + (at - p->window_at);
	return 0;
}

size_t page_header_size(const struct pages *p)
{
	return p->word_size + 8;
}

/* The one way to a page: its number, which it has in it, its kind, and how many nodes it has. */
int page_open(struct pages *p, uint64_t number, struct page *page)
{
	size_t header = page_header_size(p);
	uint32_t lower, upper;
	const uint8_t *bytes;
	uint16_t flags;
	bool is_whole;
	int r;

	if (number < 2 || number >= p->size / p->page_size)
		return -EUCLEAN;
	page->at = number * p->page_size;
	page->number = (uint32_t) number;
	is_whole = p->mapped || p->page_size <= PAGES_WINDOW_SIZE;
	r = pages_view(p, page->at, is_whole ? p->page_size : header, &bytes);
	if (r < 0)
		return r;
	page->bytes = is_whole ? bytes : NULL;
	flags = page_u16(bytes + p->word_size + 2);
	lower = page_u16(bytes + p->word_size + 4);
	upper = page_u16(bytes + p->word_size + 6);
	if (page_word(p, bytes) != number || (flags != PAGE_LEAF && flags != PAGE_BRANCH) ||
	    lower < header + 2 || lower % 2 || upper < lower || upper > p->page_size)
		return -EUCLEAN;
	page->is_leaf = flags == PAGE_LEAF;
	page->upper = upper;
	page->count = (uint32_t) (lower - header) / 2;
	return 0;
}

/* The one way to bytes within a page. */
static inline int page_view(struct pages *p, const struct page *page, size_t offset, size_t size,
			    const uint8_t **bytes)
{
	if (offset + size > p->page_size)
		return -EUCLEAN;
	if (!page->bytes)
		return pages_view(p, page->at + offset, size, bytes);
	*bytes = page->bytes + offset;
	return 0;
}

static bool is_big_endian(void)
{
	const uint16_t one = 1;

	return *(const uint8_t *) &one == 0;
}

/* The one way to a node. */
int node_open(struct pages *p, const struct page *page, uint32_t index, struct node *node)
{
	const uint32_t first = (uint32_t) page_header_size(p) + 2 * page->count;
	uint16_t low, high, key_size;
	const uint8_t *bytes;
	uint32_t offset;
	int r;

	if (index >= page->count)
		return -EUCLEAN;
	r = page_view(p, page, page_header_size(p) + 2 * index, 2, &bytes);
	if (r < 0)
		return r;
	offset = page_u16(bytes);
	if (offset < first)
		return -EUCLEAN;
	r = page_view(p, page, offset, NODE_HEADER_SIZE, &bytes);
	if (r < 0)
		return r;
	low = page_u16(bytes + (is_big_endian() ? 2 : 0));
	high = page_u16(bytes + (is_big_endian() ? 0 : 2));
	node->flags = page_u16(bytes + 4);
	key_size = page_u16(bytes + 6);
	node->number = low | (uint32_t) high << 16;
	if (!page->is_leaf && p->word_size == 8)
		node->number |= (uint64_t) node->flags << 32;
	if (key_size > KEY_SIZE_MAX)
		return -EUCLEAN;
	node->at = page->at + offset + NODE_HEADER_SIZE + key_size;
	node->key.size = key_size;
	r = page_view(p, page, offset + NODE_HEADER_SIZE, key_size, &bytes);
	node->key.bytes = bytes;
	return r;
}

static int compare_keys(struct value a, struct value b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common ? memcmp(a.bytes, b.bytes, common) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

int overflow_open(struct pages *p, uint64_t number, size_t size, uint32_t *count)
{
	size_t header = page_header_size(p);
	const uint8_t *bytes;
	int r;

	if (number < 2 || number >= p->size / p->page_size)
		return -EUCLEAN;
	r = pages_view(p, number * p->page_size, header, &bytes);
	if (r < 0)
		return r;
	*count = page_u32(bytes + p->word_size + 4);
	return page_word(p, bytes) == number &&
			       page_u16(bytes + p->word_size + 2) == PAGE_OVERFLOW &&
			       header + size <= (uint64_t) *count * p->page_size
		       ? 0
		       : -EUCLEAN;
}

/* A value of more bytes than a page takes has pages of its own, one after another. */
static int overflow_value(struct pages *p, uint64_t number, size_t size, const uint8_t **bytes)
{
	uint32_t count;
	int r = overflow_open(p, number, size, &count);

	if (r < 0)
		return r;
	return pages_view(p, number * p->page_size + page_header_size(p), size, bytes);
}

static int node_value(struct pages *p, const struct page *page, const struct node *node,
		      uint16_t kind, struct value *value)
{
	size_t size = (size_t) node->number, inside = size;
	const uint8_t *bytes;
	int r;

	if (!page->is_leaf || (node->flags & ~NODE_BIG) != kind || node->number > VALUE_SIZE_MAX)
		return -EUCLEAN;
	if (node->flags & NODE_BIG)
		inside = p->word_size;
	if (node->at + inside > page->at + p->page_size)
		return -EUCLEAN;
	r = pages_view(p, node->at, inside, &bytes);
	if (r == 0 && node->flags & NODE_BIG)
		r = overflow_value(p, page_word(p, bytes), size, &bytes);
	if (r == 0)
		*value = (struct value){ bytes, size };
	return r;
}

/*
 * The first node whose key isn't below `key`, or the number of nodes. The
 * first node of a branch has no key: it is below all.
 */
static int page_search(struct pages *p, const struct page *page, struct value key, uint32_t *index)
{
	uint32_t low = page->is_leaf ? 0 : 1, high = page->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct node node;
		int r = node_open(p, page, middle, &node), order;

		if (r < 0)
			return r;
		order = compare_keys(node.key, key);
		if (order == 0) {
			*index = middle;
			return 0;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*index = low;
	return 0;
}

/* The node of a branch under which `key` is: the last whose own key isn't above it. */
static int branch_search(struct pages *p, const struct page *page, struct value key,
			 uint32_t *index)
{
	struct node node;
	int r = page_search(p, page, key, index);

	if (r < 0)
		return r;
	if (*index < page->count) {
		r = node_open(p, page, *index, &node);
		if (r < 0 || compare_keys(node.key, key) == 0)
			return r;
	}
	--*index;
	return 0;
}

enum edge { EDGE_FIRST, EDGE_LAST };

/*
 * Go down from this page to a leaf: to `key`, or, where that is NULL, to an
 * edge. The index in the leaf may be the number of its nodes: all are below.
 */
static int descend(struct pages *p, uint64_t number, const struct value *key, enum edge edge,
		   struct position *at, struct page *page)
{
	for (;;) {
		uint32_t index;
		struct node node;
		int r;

		if (at->depth == PAGES_DEPTH_MAX)
			return -EUCLEAN;
		r = page_open(p, number, page);
		if (r < 0)
			return r;
		index = edge == EDGE_FIRST ? 0 : page->count - 1;
		if (key)
			r = page->is_leaf ? page_search(p, page, *key, &index)
					  : branch_search(p, page, *key, &index);
		if (r < 0)
			return r;
		at->path[at->depth].page = page->number;
		at->path[at->depth++].index = index;
		if (page->is_leaf)
			return 0;
		r = node_open(p, page, index, &node);
		if (r < 0)
			return r;
		number = node.number;
	}
}

/* Go to the leaf beside this one, or to the next entry of the same. */
static int step(struct pages *p, struct position *at, enum edge edge)
{
	const uint32_t by = edge == EDGE_FIRST ? 1 : UINT32_MAX;

	while (at->depth > 0) {
		uint32_t *index = &at->path[at->depth - 1].index;
		struct page page;
		struct node node;
		int r = page_open(p, at->path[at->depth - 1].page, &page);

		if (r < 0)
			return r;
		if (*index + by < page.count) {
			*index += by;
			if (page.is_leaf)
				return 0;
			r = node_open(p, &page, *index, &node);
			return r < 0 ? r : descend(p, node.number, NULL, edge, at, &page);
		}
		at->depth--;
	}
	return -ENOENT;
}

int pages_next(struct pages *p, struct position *at)
{
	return step(p, at, EDGE_FIRST);
}

int pages_previous(struct pages *p, struct position *at)
{
	return step(p, at, EDGE_LAST);
}

size_t tree_size(const struct pages *p)
{
	return 8 + 5 * (size_t) p->word_size;
}

/* The meta page of the last transaction, and the size of a page. */
static int meta_open(struct pages *p, uint64_t *at)
{
	const size_t w = p->word_size, header = page_header_size(p), tree = tree_size(p);
	const size_t size = header + 8 + 2 * w + 2 * tree + 2 * w;
	uint64_t transactions[2], page_size = 0;

	for (uint64_t i = 0; i < 2; i++) {
		const uint64_t former = page_size;
		const uint8_t *bytes;
		int r = pages_view(p, i * page_size, size, &bytes);

		if (r < 0)
			return r;
		if (page_u16(bytes + w + 2) != PAGE_META ||
		    page_u32(bytes + header) != LMDB_MAGIC ||
		    page_u32(bytes + header + 4) != LMDB_VERSION)
			return -EUCLEAN;
		page_size = page_u32(bytes + header + 8 + 2 * w);
		transactions[i] = page_word(p, bytes + size - w);
		if (!page_size_is_valid(page_size) || page_size < size ||
		    (i && page_size != former))
			return -EUCLEAN;
	}
	p->page_size = (uint32_t) page_size;
	*at = (transactions[1] > transactions[0] ? page_size : 0) + header + 8 + 2 * w;
	return 0;
}

int tree_read(const struct pages *p, const uint8_t *bytes, struct page_tree *tree)
{
	const size_t w = p->word_size;
	uint64_t root = page_word(p, bytes + 8 + 4 * w);
	uint64_t none = w == 4 ? UINT32_MAX : UINT64_MAX;

	if (root != none && (root < 2 || root >= p->size / p->page_size))
		return -EUCLEAN;
	tree->flags = page_u16(bytes + 4);
	tree->depth = page_u16(bytes + 6);
	tree->root = root == none ? ROOT_EMPTY : (uint32_t) root;
	tree->pages = page_word(p, bytes + 8) + page_word(p, bytes + 8 + w) +
		      page_word(p, bytes + 8 + 2 * w);
	tree->entries = page_word(p, bytes + 8 + 3 * w);
	return 0;
}

int pages_main_tree(struct pages *p, enum tree_kind kind, struct page_tree *tree)
{
	const size_t size = tree_size(p);
	const uint8_t *bytes;
	uint64_t at;
	int r = meta_open(p, &at);

	if (r == 0)
		r = pages_view(p, at + kind * size, size, &bytes);
	return r < 0 ? r : tree_read(p, bytes, tree);
}

static int find_value(struct pages *p, uint32_t root, struct value key, uint16_t kind,
		      struct value *value)
{
	struct position at = { .depth = 0 };
	struct page page;
	struct node node;
	int r;

	if (root == ROOT_EMPTY)
		return -ENOENT;
	r = descend(p, root, &key, EDGE_FIRST, &at, &page);
	if (r < 0)
		return r;
	if (at.path[at.depth - 1].index == page.count)
		return -ENOENT;
	r = node_open(p, &page, at.path[at.depth - 1].index, &node);
	if (r < 0)
		return r;
	if (compare_keys(node.key, key) != 0)
		return -ENOENT;
	return node_value(p, &page, &node, kind, value);
}

int pages_tree(struct pages *p, enum database database, struct page_tree *tree)
{
	const char *name = database_name(database);
	struct value key = { name, strlen(name) }, value;
	struct page_tree main;
	int r = pages_main_tree(p, TREE_OF_DATABASES, &main);

	if (r == 0)
		r = find_value(p, main.root, key, NODE_TREE, &value);
	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	if (value.size != tree_size(p))
		return -EUCLEAN;
	return tree_read(p, value.bytes, tree);
}

int pages_last(struct pages *p, uint64_t *number)
{
	uint64_t at;
	const uint8_t *bytes;
	int r = meta_open(p, &at);

	if (r == 0)
		r = pages_view(p, at + 2 * tree_size(p), p->word_size, &bytes);
	if (r == 0)
		*number = page_word(p, bytes);
	return r;
}

/* The page at which a search begins. */
static int find_root(struct pages *p, enum database database, uint32_t *root)
{
	struct page_tree tree;
	int r;

	if (p->roots[database] == ROOT_UNKNOWN) {
		r = pages_tree(p, database, &tree);
		if (r < 0)
			return r;
		p->roots[database] = tree.root;
	}
	*root = p->roots[database];
	return 0;
}

int pages_get(struct pages *p, enum database database, struct value key, struct value *value)
{
	uint32_t root;
	int r = find_root(p, database, &root);

	p->room_used = 0;
	return r < 0 ? r : find_value(p, root, key, 0, value);
}

static int seek(struct pages *p, enum database database, const struct value *key, enum edge edge,
		struct position *at)
{
	struct page page;
	uint32_t root;
	int r = find_root(p, database, &root);

	at->depth = 0;
	if (r < 0)
		return r;
	if (root == ROOT_EMPTY)
		return -ENOENT;
	r = descend(p, root, key, edge, at, &page);
	if (r < 0 || at->path[at->depth - 1].index < page.count)
		return r;
	at->path[at->depth - 1].index--;
	return step(p, at, EDGE_FIRST);
}

int pages_seek(struct pages *p, enum database database, struct value key, struct position *position)
{
	return seek(p, database, &key, EDGE_FIRST, position);
}

int pages_seek_last(struct pages *p, enum database database, struct position *position)
{
	return seek(p, database, NULL, EDGE_LAST, position);
}

static int open_entry(struct pages *p, const struct position *at, struct page *page,
		      struct node *node)
{
	int r;

	if (at->depth == 0)
		return -ENOENT;
	r = page_open(p, at->path[at->depth - 1].page, page);
	if (r < 0)
		return r;
	return page->is_leaf ? node_open(p, page, at->path[at->depth - 1].index, node) : -EUCLEAN;
}

int pages_key(struct pages *p, const struct position *at, struct value *key)
{
	struct page page;
	struct node node;
	int r = open_entry(p, at, &page, &node);

	if (r == 0)
		*key = node.key;
	return r;
}

int pages_value(struct pages *p, const struct position *at, struct value *value)
{
	struct page page;
	struct node node;
	int r = open_entry(p, at, &page, &node);

	p->room_used = 0;
	return r < 0 ? r : node_value(p, &page, &node, 0, value);
}
