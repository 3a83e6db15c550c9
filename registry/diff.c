/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *machine_event_name(enum machine_event event)
{
	static const char *const names[] = { [MACHINE_ADDED] = "added",
					     [MACHINE_CHANGED] = "changed",
					     [MACHINE_REMOVED] = "removed" };

	return names[event];
}

struct registry_copy_entry {
	uint32_t record_size;
	char name[MACHINE_NAME_SIZE]; /* folded */
} __attribute__((packed));

/* Make room for more bytes. */
static int make_room(struct registry_copy *copy, size_t size)
{
	size_t room = copy->size + size + copy->room;
	uint8_t *larger;

	if (size <= copy->room - copy->size)
		return 0;
	larger = realloc(copy->bytes, room);
	if (!larger)
		return -ENOMEM;
	copy->bytes = larger;
	copy->room = room;
	return 0;
}

static int copy_machine(struct registry_copy *copy, const char *folded, struct value record)
{
	struct registry_copy_entry entry = { .record_size = (uint32_t) record.size };
	struct machine machine;
	int r;

	if (record_decode(record.bytes, record.size, &machine) < 0)
		return -EUCLEAN;
	r = make_room(copy, sizeof entry + record.size);
	if (r < 0)
		return r;
	strcpy(entry.name, folded);
	memcpy(copy->bytes + copy->size, &entry, sizeof entry);
	memcpy(copy->bytes + copy->size + sizeof entry, record.bytes, record.size);
	copy->size += sizeof entry + record.size;
	return 0;
}

static int copy_all(struct registry_copy *copy, struct snapshot *s)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct value record;
	uint8_t *smaller;
	int r;

	copy->context = s->meta.context;
	while ((r = snapshot_next_record(s, folded, &record)) == 0)
		if ((r = copy_machine(copy, folded, record)) < 0)
			return r;
	if (r != -ENOENT)
		return r;
	smaller = copy->size ? realloc(copy->bytes, copy->size) : NULL;
	if (smaller) {
		copy->bytes = smaller;
		copy->room = copy->size;
	}
	return 0;
}

int registry_copy_read(struct registry_copy *copy, const char *path)
{
	struct registry_copy read = { 0 };
	uint8_t *room = malloc(RECORD_ROOM_SIZE);
	struct snapshot s;
	int r = -ENOMEM;

	if (room)
		r = snapshot_open_unmapped(&s, path, room, RECORD_ROOM_SIZE);
	if (r == 0) {
		r = copy_all(&read, &s);
		snapshot_close(&s);
	} else if (r == -ENOENT || r == -ESTALE) {
		r = 0;
	}
	free(room);
	if (r < 0)
		registry_copy_done(&read);
	else
		*copy = read;
	return r;
}

void registry_copy_done(struct registry_copy *copy)
{
	free(copy->bytes);
	*copy = (struct registry_copy){ 0 };
}

/* Read the entry at the side's place. */
static void read_entry(struct diff_side *side)
{
	const struct registry_copy_entry *entry;

	side->name = NULL;
	if (side->at >= side->copy->size)
		return;
	entry = (const void *) (side->copy->bytes + side->at);
	side->name = entry->name;
	side->record_size = entry->record_size;
	side->record = side->copy->bytes + side->at + sizeof *entry;
}

static void advance(struct diff_side *side)
{
	side->at += sizeof(struct registry_copy_entry) + side->record_size;
	read_entry(side);
}

void registry_diff_begin(struct registry_diff *c, const struct registry_copy *before,
			 const struct registry_copy *now)
{
	*c = (struct registry_diff){ .before.copy = before, .now.copy = now };
	read_entry(&c->before);
	read_entry(&c->now);
}

/* Below, at or above 0: the name on the side before comes first, both are equal, or it comes last. */
static int compare_sides(const struct registry_diff *c)
{
	if (!c->before.name || !c->now.name)
		return !c->before.name - !c->now.name;
	return strcmp(c->before.name, c->now.name);
}

/* Sequences begin again after a registry was removed. */
static bool is_same_registration(const struct machine *a, const struct machine *b)
{
	return a->sequence == b->sequence && leader_equal(&a->leader, &b->leader) &&
	       a->realtime == b->realtime && a->monotonic == b->monotonic;
}

/* Step past the previous difference now; its machines had to stay valid until this call. */
static void step_past(struct registry_diff *c, enum machine_event last)
{
	if (last != MACHINE_ADDED)
		advance(&c->before);
	if (last != MACHINE_REMOVED)
		advance(&c->now);
}

static bool is_unchanged(const struct registry_diff *c)
{
	return c->before.record_size == c->now.record_size &&
	       memcmp(c->before.record, c->now.record, c->now.record_size) == 0;
}

/* The copy has only records that could be decoded. */
static const struct machine *decode_machine(struct diff_side *side)
{
	record_decode(side->record, side->record_size, &side->machine);
	return &side->machine;
}

static void fill_difference(struct registry_diff *c, int order,
			    struct machine_difference *difference)
{
	const struct machine *before = order <= 0 ? decode_machine(&c->before) : NULL;
	const struct machine *now = order >= 0 ? decode_machine(&c->now) : NULL;

	if (before && now && !is_same_registration(before, now))
		now = NULL;
	c->last = before && now ? MACHINE_CHANGED : before ? MACHINE_REMOVED : MACHINE_ADDED;
	*difference = (struct machine_difference){ c->last, before, now };
}

bool registry_diff_next(struct registry_diff *c, struct machine_difference *difference)
{
	if (c->last)
		step_past(c, c->last);
	c->last = 0;
	while (c->before.name || c->now.name) {
		int order = compare_sides(c);

		if (order != 0 || !is_unchanged(c)) {
			fill_difference(c, order, difference);
			return true;
		}
		step_past(c, MACHINE_CHANGED);
	}
	return false;
}
