/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/claims.h"

#include "base/cleanup.h"
#include "registry/leader_state.h"
#include "tools/registrar/machine_copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Names made of one that is taken: web1-2 to web1-999. */
#define NEXT_NAMES_MAX	   1000
#define NEXT_NUMBER_LENGTH 4

/* All claims of one machine: looked up in a snapshot, or in a writer's change. */
struct claims {
	struct snapshot *snapshot; /* NULL: the writer's change */
	struct writer *writer;
	const struct machine *machine;
	struct notices *notices;
	bool replace;  /* a live machine may be removed, too */
	bool is_check; /* nothing is changed */
	struct claim_conflict *conflict;
};

static int find_holder(const struct claims *c, const char *name, struct machine *found)
{
	char folded[MACHINE_NAME_SIZE];

	if (machine_name_fold(name, folded) == 0)
		return -EINVAL;
	return c->snapshot ? snapshot_find_name(c->snapshot, folded, found)
			   : writer_find_name(c->writer, folded, found);
}

static int find_leader_holder(const struct claims *c, uint32_t pid, struct machine *found)
{
	return c->snapshot ? snapshot_find_leader(c->snapshot, pid, found)
			   : writer_find_leader(c->writer, pid, found);
}

static bool holder_has_died(const struct claims *c, const struct machine *holder)
{
	const struct registry_meta *meta = c->snapshot ? &c->snapshot->meta : &c->writer->meta;

	return leader_state(&holder->leader, &meta->context, NULL) == LEADER_DEAD;
}

static int remove_holder(const struct claims *c, const struct machine *holder)
{
	char folded[MACHINE_NAME_SIZE];

	if (c->is_check)
		return 0;
	machine_name_fold(holder->name, folded);
	return writer_remove(c->writer, folded);
}

static int report_conflict(const struct claims *c, const struct machine *holder,
			   enum claim_kind kind, const char *claimed)
{
	struct claim_conflict *conflict = c->conflict;

	*conflict = (struct claim_conflict){ .kind = kind, .pid = holder->leader.pid };
	strcpy(conflict->claimed, claimed);
	strcpy(conflict->holder, holder->name);
	if (holder->service)
		strcpy(conflict->service, holder->service);
	return -EEXIST;
}

static int find_same(const struct claims *c, const char *name, const struct machine_leader *leader,
		     struct machine *found)
{
	struct machine holder;
	int r = find_holder(c, name, &holder);

	if (r < 0)
		return r;
	if (!leader_equal(&holder.leader, leader) || !machine_names_equal(holder.name, name))
		return -ENOENT;
	*found = holder;
	return 0;
}

int find_same_registration(struct snapshot *s, const char *name,
			   const struct machine_leader *leader, struct machine *found)
{
	return find_same(&(struct claims){ .snapshot = s }, name, leader, found);
}

int find_same_registration_in_change(struct writer *w, const char *name,
				     const struct machine_leader *leader, struct machine *found)
{
	return find_same(&(struct claims){ .writer = w }, name, leader, found);
}

static int find_led(const struct claims *c, const struct machine_leader *leader,
		    struct machine *found)
{
	struct machine led;
	int r = find_leader_holder(c, leader->pid, &led);

	if (r < 0)
		return r;
	if (!leader_equal(&led.leader, leader))
		return -ENOENT;
	*found = led;
	return 0;
}

int find_led_machine(struct snapshot *s, const struct machine_leader *leader, struct machine *found)
{
	return find_led(&(struct claims){ .snapshot = s }, leader, found);
}

int find_led_machine_in_change(struct writer *w, const struct machine_leader *leader,
			       struct machine *found)
{
	return find_led(&(struct claims){ .writer = w }, leader, found);
}

static bool is_claimed_by(const struct machine *m, const char *name)
{
	if (machine_names_equal(m->name, name))
		return true;
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		if (machine_names_equal(alias, name))
			return true;
	return false;
}

/* Whether nobody has the name, nor claims it now. */
static bool is_free(const struct claims *c, const char *name)
{
	struct machine holder;

	return find_holder(c, name, &holder) == -ENOENT &&
	       !(c->machine && is_claimed_by(c->machine, name));
}

/* The next name of a hooked machine that is free, or one made of the name that it has: "web1-2". */
static const char *find_next_name(const struct claims *c, struct arena *arena,
				  const struct machine *m)
{
	char made[MACHINE_NAME_SIZE];

	for (const char *name = NULL; (name = machine_next_name(m, name));)
		if (is_free(c, name))
			return name;
	for (unsigned int number = 2; number < NEXT_NAMES_MAX; number++) {
		snprintf(made, sizeof made, "%.*s-%u", MACHINE_NAME_MAX - NEXT_NUMBER_LENGTH,
			 m->name, number);
		if (is_free(c, made))
			return arena_strdup(arena, made);
	}
	return NULL;
}

static void drop_alias(struct arena *arena, struct machine *m, const char *dropped)
{
	char *aliases = arena_alloc(arena, m->aliases_size);
	size_t size = 0;

	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		if (!machine_names_equal(alias, dropped)) {
			strcpy(aliases + size, alias);
			size += strlen(alias) + 1;
		}
	m->aliases = aliases;
	m->aliases_size = size;
}

static bool has_next_name(const struct claims *c, const struct machine *m)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	return find_next_name(c, &arena, m) != NULL;
}

/* Names that a hook gave yield to those that a person gives, if there is another one left. */
static bool can_yield(const struct claims *c, const struct machine *holder, const char *name)
{
	const struct machine *m = c->machine;

	return holder->given & MACHINE_NAMES_HOOKED && !(m->given & MACHINE_NAMES_HOOKED) &&
	       m->owner == 0 && !leader_equal(&holder->leader, &m->leader) &&
	       (!machine_names_equal(holder->name, name) || has_next_name(c, holder));
}

static int rename_holder(const struct claims *c, struct arena *arena, struct machine *holder)
{
	const char *name = find_next_name(c, arena, holder);
	int r = name ? remove_holder(c, holder) : -EEXIST;

	if (r < 0)
		return r;
	notices_add(c->notices, NOTICE_WARNING,
		    "%s: machine %s, pid %u, which has the name from its runtime, is called %s now",
		    c->machine->name, holder->name, holder->leader.pid, name);
	if (is_claimed_by(holder, name))
		drop_alias(arena, holder, name);
	holder->name = name;
	return writer_put(c->writer, holder);
}

/* Leader, ids, and the place among the others stay as they are. */
static int let_yield(const struct claims *c, const struct machine *holder, const char *name)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct machine m = { 0 };

	if (c->is_check)
		return 0;
	m = machine_copy(&arena, holder);
	if (machine_names_equal(m.name, name))
		return rename_holder(c, &arena, &m);
	notices_add(c->notices, NOTICE_WARNING,
		    "%s: machine %s, pid %u, which has the name from its runtime, loses alias %s",
		    c->machine->name, m.name, m.leader.pid, name);
	drop_alias(&arena, &m, name);
	return writer_put(c->writer, &m);
}

/* A machine that holds the name is removed if its leader has died, or by `replace`. */
static int claim_name(const struct claims *c, const char *name, enum claim_kind kind)
{
	const struct machine *m = c->machine;
	struct machine holder;
	int r = find_holder(c, name, &holder);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (machine_names_equal(holder.name, m->name) && leader_equal(&holder.leader, &m->leader))
		return 0;
	if ((c->replace && (machine_names_equal(holder.name, m->name) ||
			    leader_equal(&holder.leader, &m->leader))) ||
	    holder_has_died(c, &holder))
		return remove_holder(c, &holder);
	return can_yield(c, &holder, name) ? let_yield(c, &holder, name)
					   : report_conflict(c, &holder, kind, name);
}

static int claim_leader(const struct claims *c)
{
	const struct machine *m = c->machine;
	struct machine holder;
	int r = find_leader_holder(c, m->leader.pid, &holder);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (leader_equal(&holder.leader, &m->leader)) {
		if (machine_names_equal(holder.name, m->name))
			return 0;
		if (!c->replace)
			return report_conflict(c, &holder, CLAIM_LEADER, m->name);
	}
	/* They differ: that leader has died, and its pid was used again. */
	return remove_holder(c, &holder);
}

static int claim_everything(const struct claims *c)
{
	int r = claim_name(c, c->machine->name, CLAIM_NAME);

	if (r == 0)
		r = claim_leader(c);
	for (const char *alias = NULL; r == 0 && (alias = machine_next_alias(c->machine, alias));)
		r = claim_name(c, alias, CLAIM_ALIAS);
	return r;
}

int claims_check(struct snapshot *s, const struct machine *m, bool replace,
		 struct claim_conflict *conflict)
{
	const struct claims claims = { .snapshot = s,
				       .machine = m,
				       .replace = replace,
				       .is_check = true,
				       .conflict = conflict };

	return claim_everything(&claims);
}

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t) now.tv_sec * 1000000u + (uint64_t) now.tv_nsec / 1000u;
}

int register_machine(struct writer *w, struct machine *m, bool replace, struct notices *notices,
		     struct claim_conflict *conflict)
{
	struct claims claims = { .writer = w,
				 .machine = m,
				 .notices = notices,
				 .replace = replace,
				 .is_check = true,
				 .conflict = conflict };
	struct machine former;
	int r = claim_everything(&claims);

	/* Others change only after all claims were found good: a refusal changes nothing. */
	claims.is_check = false;
	if (r == 0)
		r = claim_everything(&claims);
	if (r < 0)
		return r;
	r = find_same_registration_in_change(w, m->name, &m->leader, &former);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		m->sequence = former.sequence;
		m->realtime = former.realtime;
		m->monotonic = former.monotonic;
	} else {
		m->sequence = 0;
		m->realtime = now_us(CLOCK_REALTIME);
		m->monotonic = now_us(CLOCK_MONOTONIC);
	}
	return writer_put(w, m);
}

static bool take_next_name(struct writer *w, struct arena *arena, struct machine *m,
			   struct notices *notices, const struct claim_conflict *conflict)
{
	const char *name = find_next_name(&(struct claims){ .writer = w }, arena, m);

	if (!name)
		return false;
	notices_add(notices, NOTICE_WARNING,
		    "%s: already a name of machine %s, pid %u; this one, pid %u, is called %s",
		    m->name, conflict->holder, conflict->pid, m->leader.pid, name);
	if (is_claimed_by(m, name))
		drop_alias(arena, m, name);
	m->name = name;
	return true;
}

int register_hooked_machine(struct writer *w, struct arena *arena, struct machine *m,
			    struct notices *notices, struct claim_conflict *conflict)
{
	for (;;) {
		int r = register_machine(w, m, false, notices, conflict);

		if (r != -EEXIST || conflict->kind == CLAIM_LEADER)
			return r;
		if (conflict->kind == CLAIM_ALIAS) {
			notices_add(
				notices, NOTICE_WARNING,
				"%s: alias %s is already a name of machine %s, pid %u; left out",
				m->name, conflict->claimed, conflict->holder, conflict->pid);
			drop_alias(arena, m, conflict->claimed);
		} else if (!take_next_name(w, arena, m, notices, conflict)) {
			return r;
		}
	}
}

/* Append the parts of an extent that no other machine owns. `count` is the number of `extents`. */
static int append_free_parts(struct snapshot *s, const struct machine *m, enum id_kind kind,
			     const struct idmap_extent *e, struct idmap_extent *extents,
			     size_t *count)
{
	uint32_t last = e->outer + (e->count - 1), at = e->outer;

	while (*count < IDMAP_EXTENTS_MAX) {
		struct id_range range;
		int r = snapshot_find_id(s, kind, at, &range);
		uint32_t end;

		if (r < 0)
			return r;
		end = range.last < last ? range.last : last;
		if (!*range.name || machine_names_equal(range.name, m->name))
			extents[(*count)++] = (struct idmap_extent){ e->inner + (at - e->outer), at,
								     end - at + 1 };
		if (end == last)
			return 0;
		at = end + 1;
	}
	return 0;
}

int claims_limit_ids(struct snapshot *s, struct arena *arena, struct machine *m, enum id_kind kind)
{
	struct idmap *map = kind == ID_UID ? &m->uids : &m->gids;
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < map->count; i++) {
		int r = append_free_parts(s, m, kind, &map->extents[i], extents, &count);

		if (r < 0)
			return r;
	}
	*map = (struct idmap){ arena_copy(arena, extents, count * sizeof *extents), count };
	return 0;
}

int claim_failure(struct failure *f, const struct claim_conflict *c)
{
	char by[sizeof c->service + 3] = "";

	if (*c->service)
		sprintf(by, " (%s)", c->service);
	switch (c->kind) {
	case CLAIM_NAME:
		if (strcasecmp(c->claimed, c->holder) == 0)
			return failure_set(f, FAILURE_EXISTS,
					   "already registered to pid %u%s; stop it first, or "
					   "register with --replace",
					   c->pid, by);
		return failure_set(f, FAILURE_EXISTS,
				   "already a name of machine %s, pid %u%s; stop that first",
				   c->holder, c->pid, by);
	case CLAIM_ALIAS:
		return failure_set(f, FAILURE_EXISTS,
				   "alias %s is already a name of machine %s, pid %u%s; stop that "
				   "first",
				   c->claimed, c->holder, c->pid, by);
	case CLAIM_LEADER: break;
	}
	return failure_set(f, FAILURE_EXISTS,
			   "pid %u already leads machine %s%s; unregister that first, or register "
			   "with --replace",
			   c->pid, c->holder, by);
}
