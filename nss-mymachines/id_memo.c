/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose some ids are: ranges, sorted, so that any id of a range that is known is found. */
#include "nss-mymachines/memo.h"

/* For the ids of a thousand machines, and as many gaps. When it is full, it starts afresh. */
#define RANGES_MAX  2048
#define NAMES_WORDS 4096
#define NAME_WORDS  ((MACHINE_NAME_SIZE + 7) / 8)

#define NO_NAME UINT16_MAX

/* `name` is the word in `names` at which the machine's name begins, or NO_NAME. */
struct memo_range {
	_Atomic uint32_t first;
	_Atomic uint32_t last;
	_Atomic uint32_t inner;
	_Atomic uint32_t kind_and_name; /* enum id_kind in the upper half */
};

static struct {
	struct sequence_lock lock;
	struct memo_identity identity;
	_Atomic uint64_t ids_generation;
	_Atomic uint32_t count;
	_Atomic uint32_t names_used;
} ids MEMO_HOT;

MEMO_TABLE static struct memo_range ranges[RANGES_MAX]; /* by kind, then by first id; disjoint */
MEMO_TABLE static _Atomic uint64_t names[NAMES_WORDS + NAME_WORDS];

_Static_assert(NAMES_WORDS < NO_NAME, "names are found by 16-bit offsets");

/* The number of ranges that begin at or below this id. */
static uint32_t count_below(enum id_kind kind, uint32_t id)
{
	uint32_t low = 0, high = load32(&ids.count);

	if (high > RANGES_MAX)
		return 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct memo_range *r = &ranges[middle];
		enum id_kind found = load32(&r->kind_and_name) >> 16;

		if (found < kind || (found == kind && load32(&r->first) <= id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The range that this id is in, or NULL. */
static const struct memo_range *find_range(enum id_kind kind, uint32_t id)
{
	uint32_t below = count_below(kind, id);
	const struct memo_range *r = below ? &ranges[below - 1] : NULL;

	return r && load32(&r->kind_and_name) >> 16 == (uint32_t) kind && id <= load32(&r->last)
		       ? r
		       : NULL;
}

/* A range that is being written may be read: all that is done here is within bounds then, too. */
static void read_range(const struct memo_range *from, struct id_range *range)
{
	uint32_t name = load32(&from->kind_and_name) & 0xffff;
	uint64_t words[NAME_WORDS] = { 0 };

	if (name < NAMES_WORDS)
		load_words(words, &names[name], NAME_WORDS);
	range->first = load32(&from->first);
	range->last = load32(&from->last);
	range->inner = load32(&from->inner);
	memcpy(range->name, words, sizeof range->name);
	range->name[MACHINE_NAME_MAX] = '\0';
}

bool memo_find_range(const struct registry_identity *now, enum id_kind kind, uint32_t id,
		     struct id_range *range)
{
	for (int i = 0; i < SEQUENCE_READS; i++) {
		const struct memo_range *found;
		unsigned int count;

		if (!sequence_read_begin(&ids.lock, &count))
			continue;
		if (!memo_is_of(&ids.identity, now))
			return false;
		found = find_range(kind, id);
		if (found)
			read_range(found, range);
		if (sequence_read_is_good(&ids.lock, count))
			return found;
	}
	return false;
}

/* Have a memo of this snapshot's owners, with the lock. */
static void begin_ids(const struct snapshot *s)
{
	const uint64_t generation = registry_ids_generation(&s->meta);

	if (load64(&ids.ids_generation) != generation) {
		store32(&ids.count, 0);
		store32(&ids.names_used, 0);
		store64(&ids.ids_generation, generation);
	}
	memo_set_identity(&ids.identity, &s->identity);
}

void memo_keep_ranges(const struct snapshot *s)
{
	if (!sequence_write_begin(&ids.lock))
		return;
	begin_ids(s);
	sequence_write_end(&ids.lock);
}

static uint32_t add_name(const char *name)
{
	uint32_t at = load32(&ids.names_used);

	if (!*name)
		return NO_NAME;
	store_bytes(&names[at], name, strlen(name) + 1);
	store32(&ids.names_used, at + (uint32_t) strlen(name) / 8 + 1);
	return at;
}

static void copy_range(struct memo_range *to, const struct memo_range *from)
{
	store32(&to->first, load32(&from->first));
	store32(&to->last, load32(&from->last));
	store32(&to->inner, load32(&from->inner));
	store32(&to->kind_and_name, load32(&from->kind_and_name));
}

static void insert_range(enum id_kind kind, const struct id_range *range)
{
	uint32_t at = count_below(kind, range->first), count = load32(&ids.count);

	for (uint32_t i = count; i > at; i--)
		copy_range(&ranges[i], &ranges[i - 1]);
	store32(&ranges[at].first, range->first);
	store32(&ranges[at].last, range->last);
	store32(&ranges[at].inner, range->inner);
	store32(&ranges[at].kind_and_name, (uint32_t) kind << 16 | add_name(range->name));
	store32(&ids.count, count + 1);
}

void memo_add_range(const struct snapshot *s, enum id_kind kind, const struct id_range *range)
{
	if (!sequence_write_begin(&ids.lock))
		return;
	begin_ids(s);
	if (load32(&ids.count) == RANGES_MAX ||
	    load32(&ids.names_used) + NAME_WORDS > NAMES_WORDS) {
		store32(&ids.count, 0);
		store32(&ids.names_used, 0);
	}
	/* Another thread may have been faster. */
	if (!find_range(kind, range->first))
		insert_range(kind, range);
	sequence_write_end(&ids.lock);
}
