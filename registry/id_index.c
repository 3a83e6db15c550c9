/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/id_index.h"

#include "base/array.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A machine that claims ids. Copied, as its record moves when the pages change. */
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

/* An owner whose name is copied out of the pages. */
struct owned {
	struct id_owner owner;
	char name[MACHINE_NAME_SIZE];
};

/* The two databases of one kind of ids. */
struct id_index {
	struct transaction *transaction;
	enum id_kind kind;
	enum database owners;
	enum database shadowed;
};

static struct id_index id_index_of(struct transaction *t, enum id_kind kind)
{
	if (kind == ID_UID)
		return (struct id_index){ t, kind, DB_UIDS, DB_SHADOWED_UIDS };
	return (struct id_index){ t, kind, DB_GIDS, DB_SHADOWED_GIDS };
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

/* The ids of an extent that can have names. False if there are none. */
static bool extent_range(const struct idmap_extent *e, struct range *range)
{
	uint32_t last = e->outer + (e->count - 1);

	range->first = e->outer < IDMAP_HOST_MIN ? IDMAP_HOST_MIN : e->outer;
	range->last = last == UINT32_MAX ? last - 1 : last;
	return range->first <= range->last;
}

static int put_owner(const struct id_index *ix, const struct id_owner *owner)
{
	uint8_t bytes[ID_OWNER_SIZE];
	uint32_t last = htobe32(owner->last);

	return transaction_put(ix->transaction, ix->owners, (struct value){ &last, sizeof last },
			       (struct value){ bytes, id_owner_encode(owner, bytes) });
}

static int delete_owner(const struct id_index *ix, uint32_t last)
{
	uint32_t bytes = htobe32(last);

	return transaction_delete(ix->transaction, ix->owners,
				  (struct value){ &bytes, sizeof bytes });
}

/* The first range that ends at `id` or after. 0 or -ENOENT. */
static int find_owner(const struct id_index *ix, uint32_t id, struct owned *found)
{
	uint32_t bytes = htobe32(id);
	struct value key = { &bytes, sizeof bytes }, value;
	int r = transaction_seek(ix->transaction, ix->owners, &key, &value);

	if (r == 0)
		r = id_owner_decode(key, value, &found->owner);
	if (r < 0)
		return r;
	strcpy(found->name, found->owner.name);
	found->owner.name = found->name;
	return 0;
}

static int set_shadowed(const struct id_index *ix, uint64_t sequence, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	uint64_t bytes = htobe64(sequence);

	return transaction_put(ix->transaction, ix->shadowed,
			       (struct value){ &bytes, sizeof bytes },
			       (struct value){ folded, machine_name_fold(name, folded) + 1 });
}

static int clear_shadowed(const struct id_index *ix, uint64_t sequence)
{
	uint64_t bytes = htobe64(sequence);
	int r = transaction_delete(ix->transaction, ix->shadowed,
				   (struct value){ &bytes, sizeof bytes });

	return r == -ENOENT ? 0 : r;
}

/* Cut first..last out of a range that reaches beyond it on either side. */
static int cut_owner(const struct id_index *ix, const struct id_owner *owner, uint32_t first,
		     uint32_t last)
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
 * From id `at` on, the claimed ids have another owner already. The machine that
 * was registered first keeps them; `shadowed` is set if that is the other one.
 * `at` becomes the last id that this decides.
 */
static int decide_owner(const struct id_index *ix, const struct claimant *c,
			const struct id_owner *other, const struct id_owner *claim, uint32_t *at,
			bool *shadowed)
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
static int claim_range(const struct id_index *ix, const struct claimant *c,
		       const struct id_owner *claim, bool *shadowed)
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
			r = decide_owner(ix, c, &next.owner, claim, &at, shadowed);
		}
		if (r < 0 || at >= claim->last)
			return r;
		at++;
	}
}

/*
 * The part of an extent that a machine can own. A single id is one of the
 * host's accounts, lent to the machine: it stays the host's.
 */
static bool ownable_range(const struct idmap_extent *e, struct range *range)
{
	return e->count > 1 && extent_range(e, range);
}

/* Claim the ids of all the claimant's extents that are within `limit`. */
static int claim_within(const struct id_index *ix, const struct claimant *c,
			const struct range *limit, bool *shadowed)
{
	for (size_t i = 0; i < c->n_extents; i++) {
		const struct idmap_extent *e = &c->extents[i];
		struct id_owner claim = { .sequence = c->sequence, .name = c->name };
		struct range range;
		int r;

		if (!ownable_range(e, &range))
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

int id_index_add(struct transaction *t, enum id_kind kind, const struct machine *machine)
{
	static const struct range everything = { 0, UINT32_MAX };
	const struct id_index ix = id_index_of(t, kind);
	struct claimant c;
	bool shadowed = false;
	int r;

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

/* Delete the ranges that the claimant owns within one range, and add them to `freed`. */
static int release_range(const struct id_index *ix, const struct claimant *c,
			 const struct range *range, struct ranges *freed)
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

static int release_extents(const struct id_index *ix, const struct claimant *c,
			   struct ranges *freed)
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

/*
 * The shadowed machine that was registered next after `sequence`. 0, -ENOENT, or
 * -EUCLEAN for an entry of another machine, from which the way may lead back.
 */
static int next_shadowed(const struct id_index *ix, uint64_t sequence, struct claimant *c)
{
	uint64_t bytes = htobe64(sequence + 1);
	struct value key = { &bytes, sizeof bytes }, value;
	struct machine machine;
	int r = sequence < UINT64_MAX
			? transaction_seek(ix->transaction, ix->shadowed, &key, &value)
			: -ENOENT;

	if (r == 0)
		r = transaction_find_named(ix->transaction, value, &machine);
	if (r < 0)
		return r;
	bytes = htobe64(machine.sequence);
	if (key.size != sizeof bytes || memcmp(key.bytes, &bytes, sizeof bytes) != 0)
		return -EUCLEAN;
	claimant_init(c, ix->kind, &machine);
	return 0;
}

/* Whether one machine owns all of a range; with a sequence of 0, any machines. 1, 0, or an error. */
static int is_owned(const struct id_index *ix, const struct range *range, uint64_t sequence)
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

static int owns_all(const struct id_index *ix, const struct claimant *c)
{
	for (size_t i = 0; i < c->n_extents; i++) {
		struct range range;
		int r;

		if (!ownable_range(&c->extents[i], &range))
			continue;
		r = is_owned(ix, &range, c->sequence);
		if (r <= 0)
			return r;
	}
	return 1;
}

static int all_owned(const struct id_index *ix, const struct ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		int r = is_owned(ix, &ranges->items[i], 0);

		if (r <= 0)
			return r;
	}
	return 1;
}

static int claim_freed(const struct id_index *ix, const struct claimant *c,
		       const struct ranges *freed)
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

/* Give the freed ids to the shadowed machines, the oldest first, until all have an owner. */
static int give_freed(const struct id_index *ix, const struct ranges *freed)
{
	struct claimant next = { .sequence = 0 };

	for (;;) {
		int r = next_shadowed(ix, next.sequence, &next);

		if (r < 0)
			return r == -ENOENT ? 0 : r;
		r = claim_freed(ix, &next, freed);
		if (r == 0)
			r = all_owned(ix, freed);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

int id_index_remove(struct transaction *t, enum id_kind kind, const struct machine *machine)
{
	CLEANUP(ranges_done) struct ranges freed = { 0 };
	const struct id_index ix = id_index_of(t, kind);
	struct claimant c;
	int r;

	claimant_init(&c, kind, machine);
	r = clear_shadowed(&ix, c.sequence);
	if (r == 0)
		r = release_extents(&ix, &c, &freed);
	return r < 0 || !freed.count ? r : give_freed(&ix, &freed);
}
