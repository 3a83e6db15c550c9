/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/publish.h"

#include "registry/cleanup.h"
#include "registry/register.h"
#include "tools/configuration.h"
#include "tools/discovery.h"
#include "tools/exports.h"
#include "tools/machine_copy.h"
#include "tools/message.h"
#include "tools/placement.h"

#include <errno.h>
#include <string.h>

int open_registry_writer(struct writer *writer)
{
	int r = writer_open(writer, REGISTRY_DIRECTORY);

	if (r < 0)
		complain_registry(writer->blamed, r);
	return r < 0 ? -1 : 0;
}

int publish(struct writer *writer)
{
	int r = writer_publish(writer);

	if (r < 0) {
		complain_registry(writer->blamed, r);
		return -1;
	}
	/* What the registry has is published, whatever becomes of this. */
	exports_update(writer);
	/* What a machine has left behind; one that still runs in its scope keeps it. */
	for (size_t i = 0; i < writer->touched_units.count; i++)
		placement_leave(writer->touched_units.items[i]);
	return 0;
}

/*
 * The class decides what to look for: the one that was said, or that of the
 * record which this will update.
 */
static enum machine_class expected_class(const struct registration *reg, struct snapshot *s)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine former;

	if (reg->said & SAID_CLASS)
		return reg->machine.class;
	machine_name_fold(reg->machine.name, folded);
	if (s->env && snapshot_find_name(s, folded, &former) == 0 &&
	    former.leader.pid == reg->leader)
		return former.class;
	return MACHINE_CONTAINER;
}

static int discover_all(struct machine *found, const struct registration *registrations,
			size_t count)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;

	/* Whatever is wrong with it, opening it for the change will tell. */
	snapshot_open(&snapshot, REGISTRY_PATH);
	for (size_t i = 0; i < count; i++) {
		const struct registration *reg = &registrations[i];

		if (discover(&found[i], reg->arena, reg->subject, reg->leader,
			     expected_class(reg, &snapshot), has_cgroups ? &cgroups : NULL) < 0)
			return -1;
	}
	return 0;
}

/* What was given stays, what was found comes after it. */
static void merge_interfaces(struct machine *m, struct arena *arena, const struct machine *given,
			     const struct machine *found)
{
	struct machine_interface *items =
		arena_alloc(arena, (given->n_interfaces + found->n_interfaces) * sizeof *items);
	size_t n = 0;

	for (size_t i = 0; i < given->n_interfaces; i++)
		if (given->interfaces[i].given)
			items[n++] = given->interfaces[i];
	for (size_t i = 0, n_kept = n; i < found->n_interfaces; i++) {
		size_t j = 0;

		while (j < n_kept && items[j].index != found->interfaces[i].index)
			j++;
		if (j == n_kept)
			items[n++] = found->interfaces[i];
	}
	m->interfaces = items;
	m->n_interfaces = n < MACHINE_INTERFACES_MAX ? n : MACHINE_INTERFACES_MAX;
}

static bool has_address(const struct machine_address *addresses, size_t count,
			const struct machine_address *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].family == wanted->family &&
		    memcmp(addresses[i].bytes, wanted->bytes, sizeof wanted->bytes) == 0 &&
		    (!address_needs_interface(wanted) ||
		     addresses[i].host_interface == wanted->host_interface))
			return true;
	return false;
}

static void merge_addresses(struct machine *m, struct arena *arena, const struct machine *given,
			    const struct machine *found)
{
	struct machine_address *items =
		arena_alloc(arena, (given->n_addresses + found->n_addresses) * sizeof *items);
	size_t n = 0;

	for (size_t i = 0; i < given->n_addresses; i++)
		if (given->addresses[i].flags & ADDRESS_GIVEN)
			items[n++] = given->addresses[i];
	for (size_t i = 0, n_kept = n; i < found->n_addresses; i++)
		if (!has_address(items, n_kept, &found->addresses[i]))
			items[n++] = found->addresses[i];
	addresses_sort(items, n);
	m->addresses = items;
	m->n_addresses = n < MACHINE_ADDRESSES_MAX ? n : MACHINE_ADDRESSES_MAX;
}

/* Where a fact may come from: what is said now, the record that this updates, the leader. */
struct sources {
	unsigned int bits; /* enum said */
	const struct machine *said;
	const struct machine *former;
	const struct machine *found;
};

/* Facts that are only ever said. */
static const struct machine *said_source(const struct sources *s, unsigned int said)
{
	return s->bits & said ? s->said : s->former;
}

/* Facts that are looked for: saying nothing of one ("--unit=") goes back to what is found. */
static const struct machine *found_source(const struct sources *s, unsigned int said, bool is_empty,
					  uint32_t given, struct machine *m)
{
	bool was_given = s->bits & said ? !is_empty : s->former->given & given;

	if (!was_given)
		return s->found;
	m->given |= given;
	return s->bits & said ? s->said : s->former;
}

/* `former` is all zero where no record is updated. */
static struct machine assemble(const struct registration *reg, const struct machine *former,
			       const struct machine *found)
{
	const struct machine *said = &reg->machine;
	const struct sources s = { reg->said, said, former, found };
	struct machine m = { .name = said->name, .leader = found->leader };
	const struct machine *from;

	m.class = said_source(&s, SAID_CLASS)->class;
	if (!m.class)
		m.class = MACHINE_CONTAINER;
	m.service = said_source(&s, SAID_SERVICE)->service;
	m.ssh_address = said_source(&s, SAID_SSH_ADDRESS)->ssh_address;
	m.vsock_cid = said_source(&s, SAID_VSOCK_CID)->vsock_cid;
	from = said_source(&s, SAID_ID);
	m.has_id = from->has_id;
	memcpy(m.id, from->id, sizeof m.id);
	from = said_source(&s, SAID_ALIASES);
	m.aliases = from->aliases;
	m.aliases_size = from->aliases_size;

	m.unit = found_source(&s, SAID_UNIT, !said->unit, MACHINE_GIVEN_UNIT, &m)->unit;
	m.root_directory =
		found_source(&s, SAID_ROOT, !said->root_directory, MACHINE_GIVEN_ROOT, &m)
			->root_directory;
	m.uids = found_source(&s, SAID_UID_MAP, !said->uids.count, MACHINE_GIVEN_UID_MAP, &m)->uids;
	m.gids = found_source(&s, SAID_GID_MAP, !said->gids.count, MACHINE_GIVEN_GID_MAP, &m)->gids;
	merge_interfaces(&m, reg->arena, said_source(&s, SAID_INTERFACES), found);
	merge_addresses(&m, reg->arena, said_source(&s, SAID_ADDRESSES), found);
	return m;
}

/*
 * A scope for the machine, once it is sure to be registered. 0; -EEXIST as
 * register_machine(); -ECANCELED after it has said what is wrong.
 */
static int place(struct writer *w, const struct registration *reg, struct machine *m, bool replace,
		 struct register_conflict *conflict)
{
	char *unit = arena_alloc(reg->arena, UNIT_NAME_SIZE);
	int r = register_judge(w, m, replace, conflict);

	if (r < 0)
		return r;
	if (m->unit && placement_name(m->name, unit) == 0 && strcmp(m->unit, unit) == 0)
		return 0;
	if (m->unit) {
		complain("%s: leader %u is in %s already; --scope has nothing to do", reg->subject,
			 m->leader.pid, m->unit);
		return 0;
	}
	if (placement_enter(reg->subject, m->name, m->leader.pid, unit) < 0)
		return -ECANCELED;
	m->unit = unit;
	return 0;
}

/* New machines that no unit was found for. */
struct unitless {
	const char **items;
	size_t count;
};

static void tell_unitless(const struct unitless *unitless)
{
	static const char words[] = "so ps -o machine won't show it; --scope gives it one";

	if (unitless->count == 0 || !configuration_read().exports)
		return;
	if (unitless->count == 1)
		complain("%s: is in no unit, %s", unitless->items[0], words);
	else
		complain("%s and %zu more: each is in no unit, %s", unitless->items[0],
			 unitless->count - 1, words);
}

static int put_registration(struct writer *w, const struct registration *reg,
			    const struct machine *found, bool replace, struct unitless *unitless)
{
	struct machine former = { 0 }, machine;
	struct register_conflict conflict;
	int r = register_find_former(w, reg->machine.name, &found->leader, &former);

	if (r == -ENOENT && reg->update_only)
		return 0;
	if (r == 0)
		/* Out of the pages, which change before it is used. */
		former = machine_copy(reg->arena, &former);
	else if (r != -ENOENT)
		goto failed;
	machine = assemble(reg, &former, found);
	r = reg->scope ? place(w, reg, &machine, replace, &conflict) : 0;
	if (r == 0)
		r = register_machine(w, &machine, replace, &conflict);
	if (r == 0 && !former.name && !machine.unit)
		unitless->items[unitless->count++] = machine.name;
failed:
	if (r == -EEXIST)
		complain_conflict(reg->subject, &conflict);
	else if (r < 0 && r != -ECANCELED)
		complain("%s: %s", reg->subject, error_words(r));
	return r < 0 ? -1 : 0;
}

int publish_registrations(struct registration *registrations, size_t count, bool replace)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	CLEANUP_FREE struct machine *found = calloc(count ? count : 1, sizeof *found);
	CLEANUP_FREE const char **names = calloc(count ? count : 1, sizeof *names);
	struct unitless unitless = { names, 0 };

	if (!found || !names) {
		complain("out of memory");
		return EXIT_FAILURE;
	}
	if (discover_all(found, registrations, count) < 0 || open_registry_writer(&writer) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < count; i++)
		if (put_registration(&writer, &registrations[i], &found[i], replace, &unitless) < 0)
			return EXIT_FAILURE;
	if (publish(&writer) < 0)
		return EXIT_FAILURE;
	tell_unitless(&unitless);
	return EXIT_SUCCESS;
}
