/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss-mymachines/memo.h"

#include "registry/filter.h"

#include <stdatomic.h>
#include <string.h>

/* For the ids of a thousand machines, and as many gaps. When full, it starts afresh. */
#define RANGES_MAX 2048
#define NAMES_SIZE (32 * 1024)

#define NO_NAME UINT16_MAX

struct memo_range {
	uint32_t first;
	uint32_t last;
	uint32_t inner;
	uint16_t name; /* where it begins in `names`, or NO_NAME */
	uint16_t kind; /* enum id_kind */
};

static struct {
	atomic_flag busy;
	struct registry_identity identity;

	bool has_filter;
	uint32_t filter_size; /* 0: the snapshot has none */
	uint8_t filter[FILTER_SIZE_MAX];

	uint32_t n_ranges;
	uint32_t names_used;
	struct memo_range ranges[RANGES_MAX]; /* by kind, then by first id; disjoint */
	char names[NAMES_SIZE];
} memo = { .busy = ATOMIC_FLAG_INIT };

_Static_assert(NAMES_SIZE < NO_NAME, "names are found by 16-bit offsets");

static bool take(void)
{
	return !atomic_flag_test_and_set_explicit(&memo.busy, memory_order_acquire);
}

static void give(void)
{
	atomic_flag_clear_explicit(&memo.busy, memory_order_release);
}

static void begin(const struct registry_identity *identity)
{
	memo.identity = *identity;
	memo.has_filter = false;
	memo.n_ranges = 0;
	memo.names_used = 0;
}

static bool is_of(const struct registry_identity *identity)
{
	return registry_identity_equal(&memo.identity, identity);
}

static bool load_filter(const struct registry_identity *now)
{
	struct registry_identity found;
	struct registry_meta meta;

	if (memo.has_filter && is_of(now))
		return true;
	/* Until it is there: what is read may be another snapshot, or half of one. */
	memo.has_filter = false;
	if (registry_read_meta(REGISTRY_PATH, &meta, &found, memo.filter) < 0)
		return false;
	if (!is_of(&found))
		begin(&found);
	memo.filter_size = meta.filter_size;
	memo.has_filter = true;
	return true;
}

bool memo_lacks_name(const struct registry_identity *now, const char *folded, size_t length)
{
	bool lacks = false;

	if (!take())
		return false;
	if (load_filter(now) && memo.filter_size)
		lacks = !filter_may_have(memo.filter, memo.filter_size, folded, length);
	give();
	return lacks;
}

/* The number of ranges that begin at or below this id. */
static uint32_t search(enum id_kind kind, uint32_t id)
{
	uint32_t low = 0, high = memo.n_ranges;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct memo_range *r = &memo.ranges[middle];

		if (r->kind < kind || (r->kind == kind && r->first <= id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The range that this id is in, or NULL. */
static const struct memo_range *find(enum id_kind kind, uint32_t id)
{
	uint32_t after = search(kind, id);
	const struct memo_range *r = after ? &memo.ranges[after - 1] : NULL;

	return r && r->kind == kind && id <= r->last ? r : NULL;
}

bool memo_find_range(const struct registry_identity *now, enum id_kind kind, uint32_t id,
		     struct id_range *range)
{
	const struct memo_range *found = NULL;

	if (!take())
		return false;
	if (is_of(now))
		found = find(kind, id);
	if (found) {
		range->first = found->first;
		range->last = found->last;
		range->inner = found->inner;
		strcpy(range->name, found->name == NO_NAME ? "" : memo.names + found->name);
	}
	give();
	return found;
}

static uint16_t add_name(const char *name)
{
	uint32_t at = memo.names_used;

	if (!*name)
		return NO_NAME;
	strcpy(memo.names + at, name);
	memo.names_used += (uint32_t) strlen(name) + 1;
	return (uint16_t) at;
}

static void insert(enum id_kind kind, const struct id_range *range)
{
	uint32_t at = search(kind, range->first);

	memmove(&memo.ranges[at + 1], &memo.ranges[at], (memo.n_ranges - at) * sizeof *memo.ranges);
	memo.n_ranges++;
	memo.ranges[at] = (struct memo_range){ range->first, range->last, range->inner,
					       add_name(range->name), (uint16_t) kind };
}

void memo_add_range(const struct registry_identity *identity, enum id_kind kind,
		    const struct id_range *range)
{
	if (!take())
		return;
	if (!is_of(identity))
		begin(identity);
	if (memo.n_ranges == RANGES_MAX || memo.names_used + MACHINE_NAME_SIZE > NAMES_SIZE) {
		memo.n_ranges = 0;
		memo.names_used = 0;
	}
	/* Another thread may have been faster. */
	if (!find(kind, range->first))
		insert(kind, range);
	give();
}
