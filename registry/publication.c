/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/publication.h"

#include "base/cleanup.h"
#include "registry/snapshot.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Nanoseconds since the epoch, and always more than at any publication before. */
static uint64_t next_generation(uint64_t former)
{
	struct timespec now;
	uint64_t generation;

	clock_gettime(CLOCK_REALTIME, &now);
	generation = (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
	return generation > former ? generation : former + 1;
}

static int read_root(struct pages *pages, enum database database, uint32_t *root)
{
	struct page_tree tree;
	int r = pages_tree(pages, database, &tree);

	if (r == 0)
		*root = tree.root;
	return r;
}

/* The roots of the databases that look-ups of names and ids begin at. */
static int fill_roots(int file, struct registry_meta *meta)
{
	struct pages pages = { .fd = file, .size = meta->pages_size, .word_size = sizeof(size_t) };
	uint32_t roots[4] = { 0 };
	int r = read_root(&pages, DB_NAMES, &roots[0]);

	if (r == 0)
		r = read_root(&pages, DB_ADDRESSES, &roots[1]);
	if (r == 0)
		r = read_root(&pages, DB_UIDS, &roots[2]);
	if (r == 0)
		r = read_root(&pages, DB_GIDS, &roots[3]);
	if (r < 0)
		return r;
	meta->name_root = roots[0];
	meta->address_root = roots[1];
	meta->uid_root = roots[2];
	meta->gid_root = roots[3];
	meta->page_shift = (uint8_t) __builtin_ctz(pages.page_size);
	return 0;
}

static int fill_meta(int file, struct registry_meta *meta, bool ids_changed)
{
	const uint64_t former_ids = meta->generation ? registry_ids_generation(meta) : 0;

	meta->generation = next_generation(meta->generation);
	meta->ids_generation = ids_changed || !former_ids ? meta->generation : former_ids;
	meta->file_size = meta->pages_size + meta->filter_size + sizeof *meta;
	meta->version = REGISTRY_FORMAT_VERSION;
	meta->byte_order = REGISTRY_BYTE_ORDER;
	meta->word_size = sizeof(size_t);
	memcpy(meta->magic, REGISTRY_MAGIC, sizeof meta->magic);
	registry_meta_seal(meta);
	return fill_roots(file, meta);
}

static int write_at(int file, const void *bytes, size_t size, uint64_t at)
{
	ssize_t n = pwrite(file, bytes, size, (off_t) at);

	return n < 0 ? -errno : (size_t) n == size ? 0 : -ENOSPC;
}

int publication_finish(int file, struct registry_meta *meta, const uint8_t *filter,
		       bool ids_changed)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	int r = fill_meta(file, meta, ids_changed);

	if (r == 0 && ftruncate(file, (off_t) meta->pages_size) < 0)
		r = -errno;
	if (r == 0)
		r = write_at(file, filter, meta->filter_size, meta->pages_size);
	if (r == 0)
		r = write_at(file, meta, sizeof *meta, meta->file_size - sizeof *meta);
	if (r < 0)
		return r;
	times[1].tv_sec = (time_t) (meta->generation / 1000000000u);
	times[1].tv_nsec = (long) (meta->generation % 1000000000u);
	return fchmod(file, 0644) < 0 || futimens(file, times) < 0 ? -errno : 0;
}

int publication_check(const char *path, const struct registry_meta *meta, const char *folded)
{
	CLEANUP(snapshot_close) struct snapshot s = { 0 };
	CLEANUP_FREE uint8_t *room = malloc(RECORD_ROOM_SIZE);
	struct machine machine;
	struct page_tree names;
	int r;

	if (!room)
		return -ENOMEM;
	r = snapshot_open_unmapped(&s, path, room, RECORD_ROOM_SIZE);
	if (r == 0)
		r = pages_tree(&s.pages, DB_NAMES, &names);
	if (r == 0 && (names.entries != meta->names || s.meta.generation != meta->generation))
		return -EUCLEAN;
	if (r == 0 && *folded)
		r = snapshot_find_name(&s, folded, &machine);
	return r == -ENOENT ? -EUCLEAN : r;
}
