/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layout is in registry/pages.c. */
#include "registry/pages_check.h"

#include "base/cleanup.h"
#include "registry/page.h"

#include <errno.h>
#include <stdlib.h>

/* Flags of the tree of free pages: its keys are words; LMDB keeps those of the file with them. */
#define FLAG_INTEGER_KEYS 0x08
#define FLAG_NO_DIRECTORY 0x4000 /* MDB_NOSUBDIR */

/* LMDB keeps room for so many nodes in a page: a longer value has pages of its own. */
#define NODES_PER_PAGE_MIN 2

struct check {
	struct pages *pages;
	uint64_t count;	 /* of pages */
	uint8_t *taken;	 /* a bit for each */
	uint16_t *sizes; /* of the node that begins at this pair of bytes of a page, or 0 */
	size_t node_size_max;
};

/* A tree on the way through it. */
struct walk {
	struct check *check;
	enum tree_kind kind;
	uint64_t entries, pages; /* met so far */
	uint64_t last_key;	 /* of free pages: the transaction that has left them */
};

static int take_pages(struct check *c, uint64_t first, uint64_t count)
{
	if (first < 2 || count > c->count || first > c->count - count)
		return -EUCLEAN;
	for (uint64_t n = first; n < first + count; n++) {
		const uint8_t bit = (uint8_t) (1 << n % 8);

		if (c->taken[n / 8] & bit)
			return -EUCLEAN;
		c->taken[n / 8] |= bit;
	}
	return 0;
}

/* The bytes of a leaf node's value, in the page or in others. */
static int find_value(struct walk *walk, const struct node *node, struct value *value)
{
	struct pages *p = walk->check->pages;
	const uint8_t *bytes;
	uint64_t number;
	uint32_t count;
	int r;

	value->size = node->number;
	if (!(node->flags & NODE_BIG)) {
		r = pages_view(p, node->at, node->number, &bytes);
		value->bytes = bytes;
		return r;
	}
	r = pages_view(p, node->at, p->word_size, &bytes);
	if (r < 0)
		return r;
	number = page_word(p, bytes);
	r = overflow_open(p, number, node->number, &count);
	if (r == 0)
		r = take_pages(walk->check, number, count);
	if (r < 0)
		return r;
	walk->pages += count;
	r = pages_view(p, number * p->page_size + page_header_size(p), node->number, &bytes);
	value->bytes = bytes;
	return r;
}

/* How many bytes of its page a node takes. */
static size_t size_in_page(const struct pages *p, const struct page *page, const struct node *node)
{
	const size_t size = NODE_HEADER_SIZE + node->key.size;

	if (!page->is_leaf)
		return size;
	return size + (node->flags & NODE_BIG ? p->word_size : (size_t) node->number);
}

/* Note where a node begins and how long it is. */
static int note_node(struct check *c, const struct page *page, const struct node *node)
{
	const size_t offset = node->at - page->at - node->key.size - NODE_HEADER_SIZE;
	const size_t size = size_in_page(c->pages, page, node);

	if (size > c->node_size_max || offset % 2 || offset < page->upper ||
	    offset + size > c->pages->page_size)
		return -EUCLEAN;
	c->sizes[offset / 2] = (uint16_t) (size + size % 2);
	return 0;
}

/* The nodes fill the page from where they begin to its end, without gaps or common bytes. */
static int check_room(struct check *c, const struct page *page)
{
	uint32_t count = 0;
	size_t at = page->upper, size;

	for (; at < c->pages->page_size; at += size, count++) {
		size = c->sizes[at / 2];
		c->sizes[at / 2] = 0;
		if (size == 0)
			return -EUCLEAN;
	}
	return at == c->pages->page_size && count == page->count ? 0 : -EUCLEAN;
}

/* How many numbers of pages, and then these, the largest first. */
static int take_free_pages(struct check *c, struct value value)
{
	const size_t word = c->pages->word_size, room = value.size / word;
	const uint8_t *at = value.bytes;
	uint64_t count, last = UINT64_MAX;

	if (room == 0)
		return -EUCLEAN;
	count = page_word(c->pages, at);
	if (count > room - 1)
		return -EUCLEAN;
	for (uint64_t i = 1; i <= count; i++) {
		const uint64_t number = page_word(c->pages, at + i * word);

		if (number >= last || take_pages(c, number, 1) < 0)
			return -EUCLEAN;
		last = number;
	}
	return 0;
}

/* LMDB reads keys of free pages as words, and asserts that they ascend. */
static int check_free_key(struct walk *walk, const struct page *page, uint32_t index,
			  struct value key)
{
	uint64_t word;

	if (!page->is_leaf && index == 0)
		return 0;
	if (key.size != walk->check->pages->word_size)
		return -EUCLEAN;
	if (!page->is_leaf)
		return 0;
	word = page_word(walk->check->pages, key.bytes);
	if (word <= walk->last_key)
		return -EUCLEAN;
	walk->last_key = word;
	return 0;
}

static int check_value(struct walk *walk, const struct node *node)
{
	const uint16_t kind = walk->kind == TREE_OF_DATABASES ? NODE_TREE : 0;
	struct value value;
	int r;

	if ((node->flags & ~NODE_BIG) != kind)
		return -EUCLEAN;
	walk->entries++;
	r = find_value(walk, node, &value);
	return r == 0 && walk->kind == TREE_OF_FREE_PAGES ? take_free_pages(walk->check, value) : r;
}

static int check_node(struct walk *walk, const struct page *page, uint32_t index)
{
	struct node node;
	int r = node_open(walk->check->pages, page, index, &node);

	if (r == 0)
		r = note_node(walk->check, page, &node);
	if (r == 0 && walk->kind == TREE_OF_FREE_PAGES)
		r = check_free_key(walk, page, index, node.key);
	return r == 0 && page->is_leaf ? check_value(walk, &node) : r;
}

/* What a node leads to: another page, or another tree. */
static int check_below(struct walk *walk, const struct page *page, uint32_t index, uint32_t height);

/* A page and all below it; `height` is 1 for a leaf. */
static int check_page(struct walk *walk, uint64_t number, uint32_t height)
{
	struct check *c = walk->check;
	struct page page;
	int r = take_pages(c, number, 1);

	if (r == 0)
		r = page_open(c->pages, number, &page);
	if (r < 0)
		return r;
	if (page.is_leaf != (height == 1) || (!page.is_leaf && page.count < NODES_PER_PAGE_MIN))
		return -EUCLEAN;
	walk->pages++;
	for (uint32_t i = 0; r == 0 && i < page.count; i++)
		r = check_node(walk, &page, i);
	if (r == 0)
		r = check_room(c, &page);
	if (page.is_leaf && walk->kind != TREE_OF_DATABASES)
		return r;
	for (uint32_t i = 0; r == 0 && i < page.count; i++)
		r = check_below(walk, &page, i, height);
	return r;
}

static int check_tree(struct walk *walk, const struct page_tree *tree)
{
	int r;

	if ((tree->root == ROOT_EMPTY) != (tree->depth == 0) || tree->depth > PAGES_DEPTH_MAX)
		return -EUCLEAN;
	r = tree->root == ROOT_EMPTY ? 0 : check_page(walk, tree->root, tree->depth);
	if (r < 0)
		return r;
	return walk->entries == tree->entries && walk->pages == tree->pages ? 0 : -EUCLEAN;
}

static int check_database(struct check *c, struct value value)
{
	struct walk walk = { .check = c, .kind = TREE_OF_ENTRIES };
	struct page_tree tree;
	int r;

	if (value.size != tree_size(c->pages))
		return -EUCLEAN;
	r = tree_read(c->pages, value.bytes, &tree);
	if (r < 0)
		return r;
	return tree.flags ? -EUCLEAN : check_tree(&walk, &tree);
}

static int check_below(struct walk *walk, const struct page *page, uint32_t index, uint32_t height)
{
	struct pages *p = walk->check->pages;
	const uint8_t *bytes;
	struct node node;
	int r = node_open(p, page, index, &node);

	if (r == 0 && !page->is_leaf)
		return check_page(walk, node.number, height - 1);
	if (r == 0 && node.flags & NODE_BIG)
		return -EUCLEAN;
	if (r == 0)
		r = pages_view(p, node.at, node.number, &bytes);
	return r < 0 ? r : check_database(walk->check, (struct value){ bytes, node.number });
}

static int check_main_tree(struct check *c, enum tree_kind kind)
{
	struct walk walk = { .check = c, .kind = kind };
	struct page_tree tree;
	int r = pages_main_tree(c->pages, kind, &tree);

	if (r < 0)
		return r;
	if ((tree.flags & ~FLAG_NO_DIRECTORY) !=
	    (kind == TREE_OF_FREE_PAGES ? FLAG_INTEGER_KEYS : 0))
		return -EUCLEAN;
	return check_tree(&walk, &tree);
}

/* New pages come behind the last one. */
static int count_pages(struct check *c)
{
	uint64_t last;
	int r = pages_last(c->pages, &last);

	if (r < 0)
		return r;
	c->count = c->pages->size / c->pages->page_size;
	return c->count * c->pages->page_size == c->pages->size && last == c->count - 1 ? 0
											: -EUCLEAN;
}

int pages_check(struct pages *pages)
{
	CLEANUP_FREE uint8_t *taken = NULL;
	CLEANUP_FREE uint16_t *sizes = NULL;
	struct check c = { .pages = pages };
	int r = count_pages(&c);

	if (r < 0)
		return r;
	c.taken = taken = calloc(c.count / 8 + 1, 1);
	c.sizes = sizes = calloc(pages->page_size / 2, sizeof *sizes);
	if (!taken || !sizes)
		return -ENOMEM;
	c.node_size_max =
		((pages->page_size - page_header_size(pages)) / NODES_PER_PAGE_MIN & ~1u) - 2;
	r = check_main_tree(&c, TREE_OF_DATABASES);
	return r < 0 ? r : check_main_tree(&c, TREE_OF_FREE_PAGES);
}
