/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/snapshot.h"

#include "registry/leader_state.h"
#include "registry/name_value.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void snapshot_init(struct snapshot *s, int fd)
{
	struct pages *p = &s->pages;

	s->is_open = true;
	s->unmap = NULL;
	s->next.depth = 0;
	/* All but the window, which is large. */
	memset(p, 0, offsetof(struct pages, window));
	p->fd = fd;
	p->size = s->meta.pages_size;
	p->word_size = s->meta.word_size;
	if (!registry_meta_has_roots(&s->meta))
		return;
	p->page_size = 1u << s->meta.page_shift;
	p->roots[DB_NAMES] = s->meta.name_root;
	p->roots[DB_ADDRESSES] = s->meta.address_root;
	p->roots[DB_UIDS] = s->meta.uid_root;
	p->roots[DB_GIDS] = s->meta.gid_root;
}

int snapshot_open_unmapped(struct snapshot *s, const char *path, uint8_t *room, size_t room_size)
{
	int fd = registry_file_open(path, &s->meta, &s->identity);

	s->is_open = false;
	if (fd < 0) {
		s->meta = (struct registry_meta){ 0 };
		return fd;
	}
	snapshot_init(s, fd);
	s->pages.room = room;
	s->pages.room_size = room_size;
	return 0;
}

size_t snapshot_room_used(const struct snapshot *s)
{
	return s->pages.room_used;
}

void snapshot_close(struct snapshot *s)
{
	if (!s->is_open)
		return;
	if (s->unmap)
		s->unmap(&s->pages);
	close(s->pages.fd);
	s->is_open = false;
}

static int get_value(struct snapshot *s, enum database database, const void *key, size_t size,
		     struct value *value)
{
	if (!s->is_open)
		return -ENOENT;
	return pages_get(&s->pages, database, (struct value){ key, size }, value);
}

int snapshot_find_record(struct snapshot *s, const char *folded, struct value *record)
{
	char name[MACHINE_NAME_SIZE];
	struct value value;
	int r = get_value(s, DB_NAMES, folded, strlen(folded), &value);

	if (r == 0 && name_value_is(value, NAME_IS_ALIAS)) {
		const char *original = name_value_string(value, 1);

		if (!original)
			return -EUCLEAN;
		strcpy(name, original);
		r = get_value(s, DB_NAMES, name, strlen(name), &value);
	}
	if (r < 0)
		return r;
	if (!name_value_is(value, NAME_IS_RECORD))
		return -EUCLEAN;
	*record = (struct value){ (const char *) value.bytes + 1, value.size - 1 };
	return 0;
}

static int decode_record(struct snapshot *s, struct value record, struct machine *machine)
{
	s->record = record;
	return record_decode(record.bytes, record.size, machine) < 0 ? -EUCLEAN : 0;
}

int snapshot_find_name(struct snapshot *s, const char *folded, struct machine *machine)
{
	struct value record;
	int r = snapshot_find_record(s, folded, &record);

	return r < 0 ? r : decode_record(s, record, machine);
}

/* The machine whose folded name another database has as its value. */
static int find_named(struct snapshot *s, struct value value, struct machine *machine)
{
	const char *name = name_value_string(value, 0);
	char folded[MACHINE_NAME_SIZE];
	int r;

	if (!name)
		return -EUCLEAN;
	strcpy(folded, name);
	r = snapshot_find_name(s, folded, machine);
	return r == -ENOENT ? -EUCLEAN : r;
}

/* The first entry with this prefix and, after it, a sequence not below the key's. */
static int find_sequenced(struct snapshot *s, enum database database, const uint8_t *key,
			  size_t size, struct machine *machine)
{
	struct position at;
	struct value value;
	int r;

	if (!s->is_open)
		return -ENOENT;
	r = pages_seek(&s->pages, database, (struct value){ key, size }, &at);
	if (r == 0)
		r = pages_key(&s->pages, &at, &value);
	if (r < 0)
		return r;
	if (value.size != size || memcmp(value.bytes, key, size - sizeof(uint64_t)) != 0)
		return -ENOENT;
	r = pages_value(&s->pages, &at, &value);
	return r < 0 ? r : find_named(s, value, machine);
}

uint64_t machine_address_order(const struct machine *m, int family, const uint8_t *bytes)
{
	bool is_routed = false;

	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *a = &m->addresses[i];

		is_routed |= a->flags & ADDRESS_ROUTED && a->family == family &&
			     memcmp(a->bytes, bytes, address_length(family)) == 0;
	}
	return ADDRESS_ORDER(m->sequence, is_routed);
}

int snapshot_find_address(struct snapshot *s, int family, const uint8_t *bytes, uint64_t order,
			  struct machine *machine)
{
	uint8_t key[ADDRESS_KEY_SIZE];
	size_t size = address_key(key, family, bytes, order + 1);

	return find_sequenced(s, DB_ADDRESSES, key, size, machine);
}

/* Whether this interface of the host's leads to the address, or the address needs none. */
static bool is_reached_by(const struct machine *m, int family, const uint8_t *bytes,
			  uint32_t interface)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *a = &m->addresses[i];

		if (a->family == family && memcmp(a->bytes, bytes, address_length(family)) == 0 &&
		    address_is_true(a) &&
		    (!address_needs_interface(a) || a->host_interface == interface))
			return true;
	}
	return false;
}

int snapshot_find_host(struct snapshot *s, int family, const uint8_t *bytes, uint32_t interface,
		       struct machine *machine)
{
	uint64_t order = 0;
	int r;

	while ((r = snapshot_find_address(s, family, bytes, order, machine)) == 0) {
		int alive = 0;

		uint64_t found = machine_address_order(machine, family, bytes);

		/* In a damaged registry the record may be another's: go on upwards only. */
		if (found <= order)
			return -EUCLEAN;
		if (!interface || is_reached_by(machine, family, bytes, interface))
			alive = machine_may_be_alive(machine, &s->meta.context);
		if (alive != 0)
			return alive < 0 ? alive : 0;
		order = found;
	}
	return r;
}

int snapshot_find_unit(struct snapshot *s, const char *unit, uint64_t sequence,
		       struct machine *machine)
{
	uint8_t key[UNIT_KEY_SIZE];
	int r;

	if (strlen(unit) > MACHINE_WORD_MAX)
		return -ENOENT;
	r = find_sequenced(s, DB_UNITS, key, unit_key(key, unit, sequence + 1), machine);
	/* In a damaged registry the record may be another's: go on upwards only. */
	return r == 0 && machine->sequence <= sequence ? -EUCLEAN : r;
}

int snapshot_find_leader(struct snapshot *s, uint32_t pid, struct machine *machine)
{
	uint32_t key = htobe32(pid);
	struct value value;
	int r = get_value(s, DB_LEADERS, &key, sizeof key, &value);

	return r < 0 ? r : find_named(s, value, machine);
}

/* The owner of the range at a position. Its name is good until the next look-up. */
static int read_owner(struct snapshot *s, const struct position *at, struct id_owner *owner)
{
	struct value key, value;
	uint8_t key_bytes[sizeof(uint32_t)];
	int r = pages_key(&s->pages, at, &key);

	if (r < 0)
		return r;
	if (key.size != sizeof key_bytes)
		return -EUCLEAN;
	memcpy(key_bytes, key.bytes, sizeof key_bytes);
	key.bytes = key_bytes;
	r = pages_value(&s->pages, at, &value);
	return r < 0 ? r : id_owner_decode(key, value, owner);
}

/* Ids that nobody owns: from the owner before the position on. */
static int fill_free_range(struct snapshot *s, const struct position *after, uint32_t last,
			   enum database database, struct id_range *range)
{
	struct position before;
	struct id_owner owner;
	int r;

	if (after) {
		before = *after;
		r = pages_previous(&s->pages, &before);
	} else {
		r = pages_seek_last(&s->pages, database, &before);
	}
	if (r == 0)
		r = read_owner(s, &before, &owner);
	if (r < 0 && r != -ENOENT)
		return r;
	*range = (struct id_range){ .first = r == 0 ? owner.last + 1 : 0, .last = last };
	return 0;
}

static void fill_owned_range(const struct id_owner *owner, struct id_range *range)
{
	range->first = owner->first;
	range->last = owner->last;
	range->inner = owner->inner;
	strcpy(range->name, owner->name);
}

static int find_range(struct snapshot *s, enum database database, uint32_t id,
		      struct id_range *range)
{
	uint32_t bytes = htobe32(id);
	struct id_owner owner;
	struct position at;
	int r = pages_seek(&s->pages, database, (struct value){ &bytes, sizeof bytes }, &at);

	if (r == -ENOENT)
		return fill_free_range(s, NULL, UINT32_MAX, database, range);
	if (r == 0)
		r = read_owner(s, &at, &owner);
	if (r < 0)
		return r;
	if (owner.first > id)
		return fill_free_range(s, &at, owner.first - 1, database, range);
	fill_owned_range(&owner, range);
	return 0;
}

int snapshot_find_id(struct snapshot *s, enum id_kind kind, uint32_t id, struct id_range *range)
{
	int r;

	*range = (struct id_range){ .last = UINT32_MAX };
	if (!s->is_open)
		return 0;
	r = find_range(s, kind == ID_UID ? DB_UIDS : DB_GIDS, id, range);
	/* In a damaged registry ranges may overlap. */
	return r == 0 && (range->first > id || range->last < id) ? -EUCLEAN : r;
}

/* Go to the entry of DB_NAMES after `folded`: the next one, if that is where we are. */
static int seek_name_after(struct snapshot *s, const char *folded)
{
	size_t length = strlen(folded);
	char after[MACHINE_NAME_SIZE + 1];
	struct value key;

	if (s->next.depth > 0 && pages_key(&s->pages, &s->next, &key) == 0 && key.size == length &&
	    memcmp(key.bytes, folded, length) == 0)
		return pages_next(&s->pages, &s->next);
	/* Names contain no byte below '-', so NAME followed by \x01 sorts directly after NAME. */
	memcpy(after, folded, length);
	after[length] = 1;
	return pages_seek(&s->pages, DB_NAMES, (struct value){ after, length + 1 }, &s->next);
}

/* Whether the key comes after `folded`, which it becomes. */
static bool advance_name(struct value key, char folded[static MACHINE_NAME_SIZE])
{
	char next[MACHINE_NAME_SIZE];

	if (key.size > MACHINE_NAME_MAX)
		return false;
	memcpy(next, key.bytes, key.size);
	next[key.size] = '\0';
	if (strlen(next) != key.size || strcmp(next, folded) <= 0)
		return false;
	strcpy(folded, next);
	return true;
}

int snapshot_next_record(struct snapshot *s, char folded[static MACHINE_NAME_SIZE],
			 struct value *record)
{
	struct value value;
	int r;

	if (!s->is_open)
		return -ENOENT;
	do {
		r = seek_name_after(s, folded);
		if (r == 0)
			r = pages_key(&s->pages, &s->next, &value);
		if (r < 0)
			return r;
		if (!advance_name(value, folded))
			return -EUCLEAN;
		r = pages_value(&s->pages, &s->next, &value);
		if (r < 0)
			return r;
	} while (name_value_is(value, NAME_IS_ALIAS));
	if (!name_value_is(value, NAME_IS_RECORD))
		return -EUCLEAN;
	*record = (struct value){ (const char *) value.bytes + 1, value.size - 1 };
	return 0;
}

int snapshot_next(struct snapshot *s, char folded[static MACHINE_NAME_SIZE],
		  struct machine *machine)
{
	struct value record;
	int r = snapshot_next_record(s, folded, &record);

	return r < 0 ? r : decode_record(s, record, machine);
}
