/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/id_index.h"

#include "registry/array.h"
#include "registry/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Who claims ids: a machine's identity, copied, as its record moves when the pages change. */
struct claimant {
	uint64_t sequence;
	char name[MACHINE_NAME_SIZE];
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	size_t n_extents;
};

struct range {
	uint32_t first;
	uint32_t last;
};

struct ranges {
	struct range *items;
	size_t count;
};

/* An owner, with the name copied out of the pages. */
struct owned {
	struct id_owner owner;
	char name[MACHINE_NAME_SIZE];
};

struct index {
	struct snapshot *db;
	MDB_txn *txn;
	MDB_dbi owners;
	MDB_dbi shadowed;
};

static int index_init(struct index *ix, struct snapshot *db, enum id_kind kind)
{
	int r;

	*ix = (struct index){ .db = db, .txn = db->txn };
	r = snapshot_database(db, kind == ID_UID ? DB_UIDS : DB_GIDS, &ix->owners);
	if (r < 0)
		return r;
	return snapshot_database(db, kind == ID_UID ? DB_SHADOWED_UIDS : DB_SHADOWED_GIDS,
				 &ix->shadowed);
}

static void claimant_init(struct claimant *c, enum id_kind kind, const struct machine *m)
{
	const struct idmap *map = kind == ID_UID ? &m->uids : &m->gids;

	c->sequence = m->sequence;
	strcpy(c->name, m->name);
	c->n_extents = map->count;
	if (map->count)
		memcpy(c->extents, map->extents, map->count * sizeof *map->extents);
}

/* The part of an extent that can have names. False if there is none. */
static bool extent_range(const struct idmap_extent *e, struct range *range)
{
	uint32_t last = e->outer + (e->count - 1);

	range->first = e->outer < IDMAP_HOST_MIN ? IDMAP_HOST_MIN : e->outer;
	range->last = last == UINT32_MAX ? last - 1 : last;
	return range->first <= range->last;
}

static int put_owner(struct index *ix, const struct id_owner *owner)
{
	uint8_t bytes[ID_OWNER_SIZE];
	uint32_t last = htobe32(owner->last);
	MDB_val key = value_of(&last, sizeof last);
	MDB_val value = value_of(bytes, id_owner_encode(owner, bytes));

	return database_error(mdb_put(ix->txn, ix->owners, &key, &value, 0));
}

static int delete_owner(struct index *ix, uint32_t last)
{
	uint32_t bytes = htobe32(last);
	MDB_val key = value_of(&bytes, sizeof bytes);

	return database_error(mdb_del(ix->txn, ix->owners, &key, NULL));
}

/* The first range that ends at `id` or after. 0 or -ENOENT. */
static int find_owner(struct index *ix, uint32_t id, struct owned *found)
{
	uint32_t bytes = htobe32(id);
	MDB_val key = value_of(&bytes, sizeof bytes), value;
	MDB_cursor *cursor;
	int r = database_error(mdb_cursor_open(ix->txn, ix->owners, &cursor));

	if (r < 0)
		return r;
	r = database_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
	if (r == 0)
		r = id_owner_decode(&key, &value, &found->owner);
	if (r == 0) {
		strcpy(found->name, found->owner.name);
		found->owner.name = found->name;
	}
	mdb_cursor_close(cursor);
	return r;
}

static int set_shadowed(struct index *ix, uint64_t sequence, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	uint64_t bytes = htobe64(sequence);
	MDB_val key = value_of(&bytes, sizeof bytes);
	MDB_val value = value_of(folded, machine_name_fold(name, folded) + 1);

	return database_error(mdb_put(ix->txn, ix->shadowed, &key, &value, 0));
}

static int clear_shadowed(struct index *ix, uint64_t sequence)
{
	uint64_t bytes = htobe64(sequence);
	MDB_val key = value_of(&bytes, sizeof bytes);
	int r = database_error(mdb_del(ix->txn, ix->shadowed, &key, NULL));

	return r == -ENOENT ? 0 : r;
}

/* Cut first..last out of a range that reaches beyond it on either side. */
static int cut_owner(struct index *ix, const struct id_owner *owner, uint32_t first, uint32_t last)
{
	int r = delete_owner(ix, owner->last);

	if (r == 0 && owner->first < first) {
		struct id_owner left = *owner;

		left.last = first - 1;
		r = put_owner(ix, &left);
	}
	if (r == 0 && owner->last > last) {
		struct id_owner right = *owner;

		right.first = last + 1;
		right.inner = owner->inner + (right.first - owner->first);
		r = put_owner(ix, &right);
	}
	return r;
}

/*
 * The claimant meets another owner from id `at` on. The older machine has it;
 * `shadowed` says whether that was the other one. `at` becomes the last id
 * that this settles.
 */
static int settle(struct index *ix, const struct claimant *c, const struct id_owner *other,
		  const struct id_owner *claim, uint32_t *at, bool *shadowed)
{
	struct id_owner mine = *claim;
	int r;

	mine.first = *at;
	mine.inner = claim->inner + (*at - claim->first);
	mine.last = *at = other->last < claim->last ? other->last : claim->last;
	if (other->sequence <= c->sequence) {
		*shadowed = *shadowed || other->sequence < c->sequence;
		return 0;
	}
	r = cut_owner(ix, other, mine.first, mine.last);
	if (r == 0)
		r = set_shadowed(ix, other->sequence, other->name);
	return r < 0 ? r : put_owner(ix, &mine);
}

/* Claim one range. `shadowed` is set where an older machine keeps a part of it. */
static int claim_range(struct index *ix, const struct claimant *c, const struct id_owner *claim,
		       bool *shadowed)
{
	uint32_t at = claim->first;

	for (;;) {
		struct owned next = { 0 };
		int r = find_owner(ix, at, &next);

		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT || next.owner.first > at) {
			struct id_owner free = *claim;

			free.first = at;
			free.inner = claim->inner + (at - claim->first);
			if (r == 0 && next.owner.first <= claim->last)
				free.last = next.owner.first - 1;
			r = put_owner(ix, &free);
			at = free.last;
		} else {
			r = settle(ix, c, &next.owner, claim, &at, shadowed);
		}
		if (r < 0 || at >= claim->last)
			return r;
		at++;
	}
}

/* Claim what lies within `limit` of all the claimant's extents. */
static int claim_within(struct index *ix, const struct claimant *c, const struct range *limit,
			bool *shadowed)
{
	for (size_t i = 0; i < c->n_extents; i++) {
		const struct idmap_extent *e = &c->extents[i];
		struct id_owner claim = { .sequence = c->sequence, .name = c->name };
		struct range range;
		int r;

		if (!extent_range(e, &range))
			continue;
		claim.first = range.first > limit->first ? range.first : limit->first;
		claim.last = range.last < limit->last ? range.last : limit->last;
		if (claim.first > claim.last)
			continue;
		claim.inner = e->inner + (claim.first - e->outer);
		r = claim_range(ix, c, &claim, shadowed);
		if (r < 0)
			return r;
	}
	return 0;
}

int id_index_add(struct snapshot *db, enum id_kind kind, const struct machine *machine)
{
	static const struct range everything = { 0, UINT32_MAX };
	struct claimant c;
	struct index ix;
	bool shadowed = false;
	int r = index_init(&ix, db, kind);

	if (r < 0)
		return r;
	claimant_init(&c, kind, machine);
	r = claim_within(&ix, &c, &everything, &shadowed);
	return r < 0 || !shadowed ? r : set_shadowed(&ix, c.sequence, c.name);
}

static int ranges_append(struct ranges *ranges, uint32_t first, uint32_t last)
{
	struct range *items = array_grow(ranges->items, ranges->count, sizeof *items);

	if (!items)
		return -ENOMEM;
	ranges->items = items;
	ranges->items[ranges->count++] = (struct range){ first, last };
	return 0;
}

static void ranges_done(struct ranges *ranges)
{
	free(ranges->items);
}

/* Delete what the claimant owns of one range, and remember it. */
static int release_range(struct index *ix, const struct claimant *c, const struct range *range,
			 struct ranges *freed)
{
	uint32_t at = range->first;

	for (;;) {
		struct owned next = { 0 };
		int r = find_owner(ix, at, &next);

		if (r == -ENOENT || (r == 0 && next.owner.first > range->last))
			return 0;
		if (r == 0 && next.owner.sequence == c->sequence) {
			r = delete_owner(ix, next.owner.last);
			if (r == 0)
				r = ranges_append(freed, next.owner.first, next.owner.last);
		}
		if (r < 0 || next.owner.last >= range->last)
			return r;
		at = next.owner.last + 1;
	}
}

static int release(struct index *ix, const struct claimant *c, struct ranges *freed)
{
	for (size_t i = 0; i < c->n_extents; i++) {
		struct range range;
		int r;

		if (!extent_range(&c->extents[i], &range))
			continue;
		r = release_range(ix, c, &range, freed);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The shadowed machine next in age after `sequence`. 0 or -ENOENT. */
static int next_shadowed(struct index *ix, enum id_kind kind, uint64_t sequence, struct claimant *c)
{
	uint64_t bytes = htobe64(sequence + 1);
	MDB_val key = value_of(&bytes, sizeof bytes), value;
	struct machine machine;
	MDB_cursor *cursor;
	int r = database_error(mdb_cursor_open(ix->txn, ix->shadowed, &cursor));

	if (r < 0)
		return r;
	r = database_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
	mdb_cursor_close(cursor);
	if (r < 0)
		return r;
	r = snapshot_find_named(ix->db, &value, &machine);
	if (r < 0)
		return r;
	claimant_init(c, kind, &machine);
	return 0;
}

/* Whether a machine, or, with a sequence of 0, anyone, owns all of a range. 1, 0, or an error. */
static int is_owned(struct index *ix, const struct range *range, uint64_t sequence)
{
	uint32_t at = range->first;

	for (;;) {
		struct owned next = { 0 };
		int r = find_owner(ix, at, &next);

		if (r < 0)
			return r == -ENOENT ? 0 : r;
		if (next.owner.first > at || (sequence && next.owner.sequence != sequence))
			return 0;
		if (next.owner.last >= range->last)
			return 1;
		at = next.owner.last + 1;
	}
}

static int owns_all(struct index *ix, const struct claimant *c)
{
	for (size_t i = 0; i < c->n_extents; i++) {
		struct range range;
		int r;

		if (!extent_range(&c->extents[i], &range))
			continue;
		r = is_owned(ix, &range, c->sequence);
		if (r <= 0)
			return r;
	}
	return 1;
}

static int all_owned(struct index *ix, const struct ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		int r = is_owned(ix, &ranges->items[i], 0);

		if (r <= 0)
			return r;
	}
	return 1;
}

static int claim_freed(struct index *ix, const struct claimant *c, const struct ranges *freed)
{
	bool shadowed = false;
	int r;

	for (size_t i = 0; i < freed->count; i++) {
		r = claim_within(ix, c, &freed->items[i], &shadowed);
		if (r < 0)
			return r;
	}
	r = owns_all(ix, c);
	return r == 1 ? clear_shadowed(ix, c->sequence) : r;
}

/* Give what became free to the shadowed machines, the oldest first, until none of it is left. */
static int inherit(struct index *ix, enum id_kind kind, const struct ranges *freed)
{
	struct claimant heir = { .sequence = 0 };

	for (;;) {
		int r = next_shadowed(ix, kind, heir.sequence, &heir);

		if (r < 0)
			return r == -ENOENT ? 0 : r;
		r = claim_freed(ix, &heir, freed);
		if (r == 0)
			r = all_owned(ix, freed);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

int id_index_remove(struct snapshot *db, enum id_kind kind, const struct machine *machine)
{
	CLEANUP(ranges_done) struct ranges freed = { 0 };
	struct claimant c;
	struct index ix;
	int r = index_init(&ix, db, kind);

	if (r < 0)
		return r;
	claimant_init(&c, kind, machine);
	r = clear_shadowed(&ix, c.sequence);
	if (r == 0)
		r = release(&ix, &c, &freed);
	return r < 0 || !freed.count ? r : inherit(&ix, kind, &freed);
}
