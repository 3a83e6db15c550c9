/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/register.h"

#include "registry/process.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static int find(struct snapshot *s, const char *name, struct machine *found)
{
	char folded[MACHINE_NAME_SIZE];

	return machine_name_fold(name, folded) ? snapshot_find_name(s, folded, found) : -EINVAL;
}

static int throw_out(struct writer *w, const struct machine *holder)
{
	char folded[MACHINE_NAME_SIZE];

	machine_name_fold(holder->name, folded);
	return writer_remove(w, folded);
}

static int refuse(const struct machine *holder, int what, const char *claimed,
		  struct register_conflict *conflict)
{
	*conflict = (struct register_conflict){ .what = what, .pid = holder->leader.pid };
	strcpy(conflict->claimed, claimed);
	strcpy(conflict->holder, holder->name);
	if (holder->service)
		strcpy(conflict->service, holder->service);
	return -EEXIST;
}

int register_find_former(struct snapshot *s, const char *name, const struct machine_leader *leader,
			 struct machine *former)
{
	struct machine found;
	int r = find(s, name, &found);

	if (r < 0)
		return r;
	if (!leader_equal(&found.leader, leader) || !machine_names_equal(found.name, name))
		return -ENOENT;
	*former = found;
	return 0;
}

/*
 * One claim of the new machine on a name: nobody has it, or only a machine
 * that may go, or it is refused. `replace` lets a live one go. Without a
 * writer, NULL, it is only judged.
 */
static int claim_name(struct snapshot *s, struct writer *w, const struct machine *m,
		      const char *name, int what, bool replace, struct register_conflict *conflict)
{
	struct machine holder;
	int r = find(s, name, &holder);
	bool goes;

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (machine_names_equal(holder.name, m->name) && leader_equal(&holder.leader, &m->leader))
		return 0;
	/* It goes for its name or its leader, and its aliases with it. */
	goes = (replace && (machine_names_equal(holder.name, m->name) ||
			    leader_equal(&holder.leader, &m->leader))) ||
	       leader_has_died(&holder.leader, &s->meta.origin);
	if (!goes)
		return refuse(&holder, what, name, conflict);
	return w ? throw_out(w, &holder) : 0;
}

static int claim_leader(struct snapshot *s, struct writer *w, const struct machine *m, bool goes,
			struct register_conflict *conflict)
{
	struct machine holder;
	int r = snapshot_find_leader(s, m->leader.pid, &holder);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (leader_equal(&holder.leader, &m->leader)) {
		if (machine_names_equal(holder.name, m->name))
			return 0;
		if (!goes)
			return refuse(&holder, CONFLICT_LEADER, m->name, conflict);
	}
	/* Another start time: that leader is gone, its pid was used again. */
	return w ? throw_out(w, &holder) : 0;
}

static int claim_all(struct snapshot *s, struct writer *w, const struct machine *m, bool replace,
		     struct register_conflict *conflict)
{
	int r = claim_name(s, w, m, m->name, CONFLICT_NAME, replace, conflict);

	if (r == 0)
		r = claim_leader(s, w, m, replace, conflict);
	for (const char *alias = NULL; r == 0 && (alias = machine_next_alias(m, alias));)
		r = claim_name(s, w, m, alias, CONFLICT_ALIAS, replace, conflict);
	return r;
}

int register_judge(struct snapshot *s, const struct machine *m, bool replace,
		   struct register_conflict *conflict)
{
	return claim_all(s, NULL, m, replace, conflict);
}

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t) now.tv_sec * 1000000u + (uint64_t) now.tv_nsec / 1000u;
}

int register_machine(struct writer *w, struct machine *m, bool replace,
		     struct register_conflict *conflict)
{
	struct machine former;
	int r = register_judge(&w->copy, m, replace, conflict);

	/* All claims are good: now the first machine may be thrown out. */
	if (r == 0)
		r = claim_all(&w->copy, w, m, replace, conflict);
	if (r < 0)
		return r;
	r = register_find_former(&w->copy, m->name, &m->leader, &former);
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
