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
#include <inttypes.h>
#include <string.h>

struct registration registration_to_refresh(struct arena *arena, const struct machine *m)
{
	const char *name = arena_strdup(arena, m->name);

	return (struct registration){ .arena = arena,
				      .subject = name,
				      .machine.name = name,
				      .leader = m->leader.pid,
				      .has_leader = true,
				      .update_only = true };
}

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
	r = exports_update(writer) < 0;
	/* What a machine has left behind; one that still runs in its scope keeps it. */
	for (size_t i = 0; i < writer->touched_units.count; i++)
		placement_leave(writer->touched_units.items[i]);
	return r;
}

static int find_led_by(struct snapshot *s, const char *name, const struct machine_leader *leader)
{
	struct machine found;

	return s->env ? register_find_former(s, name, leader, &found) : -ENOENT;
}

int unregister_led_by(const char *name, const struct machine_leader *leader)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	char folded[MACHINE_NAME_SIZE];
	int r;

	/* Mostly the monitor was quicker: that needs no lock. */
	snapshot_open(&snapshot, REGISTRY_PATH);
	if (find_led_by(&snapshot, name, leader) < 0)
		return 0;
	if (open_registry_writer(&writer) < 0)
		return -1;
	r = find_led_by(&writer.copy, name, leader);
	if (r == 0) {
		machine_name_fold(name, folded);
		r = writer_remove(&writer, folded);
	}
	if (r < 0 && r != -ENOENT) {
		complain_registry(writer.path, r);
		return -1;
	}
	return publish(&writer) < 0 ? -1 : 0;
}

static const struct machine_interface *given_interfaces(struct arena *arena,
							const struct machine *m, size_t *count)
{
	struct machine_interface *items = arena_alloc(arena, m->n_interfaces * sizeof *items);
	size_t n = 0;

	for (size_t i = 0; i < m->n_interfaces; i++)
		if (m->interfaces[i].given)
			items[n++] = m->interfaces[i];
	*count = n;
	return items;
}

/*
 * The class decides what to look for: the one that was said, also earlier in
 * the same batch, or that of the record which this will update. Likewise, a
 * VM's addresses are looked for behind the interfaces that were given for it.
 */
static struct machine expect(const struct registration *registrations, size_t i, struct snapshot *s)
{
	const struct registration *reg = &registrations[i];
	struct machine former, expected = { .class = MACHINE_CONTAINER };
	char folded[MACHINE_NAME_SIZE];

	machine_name_fold(reg->machine.name, folded);
	if (s->env && snapshot_find_name(s, folded, &former) == 0 &&
	    former.leader.pid == reg->leader) {
		expected.class = former.class;
		expected.interfaces = given_interfaces(reg->arena, &former, &expected.n_interfaces);
	}
	if (reg->said & SAID_INTERFACES)
		expected.interfaces =
			given_interfaces(reg->arena, &reg->machine, &expected.n_interfaces);
	for (size_t j = i + 1; j-- > 0;)
		if (registrations[j].said & SAID_CLASS && registrations[j].leader == reg->leader) {
			expected.class = registrations[j].machine.class;
			break;
		}
	return expected;
}

/*
 * Of a machine that has ended meanwhile it is no wonder; and that a storm of
 * changes has disturbed a look is none to who will look again.
 */
static void tell_misses(const struct discovery *d, const char *subject, unsigned int flags)
{
	for (size_t i = 0; i < d->n_misses; i++) {
		int error = d->misses[i].error;

		if ((d->verdict == LEADER_OK && !(error == -EINTR && flags & PUBLISH_WHOLE)) ||
		    error == -ENOTRECOVERABLE)
			complain("%s: cannot read %s: %s", subject, d->misses[i].what,
				 error_words(error));
	}
}

/*
 * Look at all leaders. `generation` becomes that of the registry before the
 * first look, or 0. Returns 0, or -1 after a message.
 */
static int discover_all(struct discovery *discoveries, const struct registration *registrations,
			size_t count, unsigned int flags, uint64_t *generation)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;

	/* Whatever is wrong with it, opening it for the change will tell. */
	snapshot_open(&snapshot, REGISTRY_PATH);
	*generation = snapshot.meta.generation;
	for (size_t i = 0; i < count; i++) {
		const struct registration *reg = &registrations[i];
		const struct machine expected = expect(registrations, i, &snapshot);
		struct discovery *d = &discoveries[i];
		int r = discover(d, reg->arena, reg->subject, reg->leader, &expected,
				 has_cgroups ? &cgroups : NULL);

		tell_misses(d, reg->subject, flags);
		if (r < 0)
			return -1;
		/* A machine that has died since is no reason not to refresh the others. */
		if (d->verdict != LEADER_OK && !reg->update_only) {
			complain("%s: leader %" PRId64 ": %s", reg->subject, reg->leader,
				 leader_words(d->verdict));
			return -1;
		}
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

/* What was found, as far as it counts: a fact that couldn't be read is what it was. */
static struct machine usable(const struct discovery *d, enum machine_class class,
			     const struct machine *former, bool update_only)
{
	struct machine found = d->found;

	/* Whoever refreshes may be somewhere else than who registered it. */
	if (d->unread & MACHINE_GIVEN_UNIT ||
	    (update_only && former->given & MACHINE_UNIT_IS_SHARED))
		found.unit = former->unit;
	/* Looked at as the one, it has become the other meanwhile. */
	if ((class == MACHINE_VM) != (d->class == MACHINE_VM))
		return (struct machine){ .leader = found.leader, .unit = found.unit };
	if (d->unread & MACHINE_GIVEN_UID_MAP)
		found.uids = former->uids;
	if (d->unread & MACHINE_GIVEN_GID_MAP)
		found.gids = former->gids;
	if (d->unread & MACHINE_GIVEN_ROOT)
		found.root_directory = former->root_directory;
	if (d->unread & UNREAD_NETWORK) {
		found.interfaces = former->interfaces;
		found.n_interfaces = former->n_interfaces;
		found.addresses = former->addresses;
		found.n_addresses = former->n_addresses;
	}
	return found;
}

/* `former` is all zero where no record is updated. */
static struct machine assemble(const struct registration *reg, const struct machine *former,
			       const struct discovery *discovery)
{
	const struct machine *said = &reg->machine;
	struct machine found;
	const struct sources s = { reg->said, said, former, &found };
	struct machine m = { .name = said->name, .leader = discovery->found.leader };
	const struct machine *from;

	m.class = said_source(&s, SAID_CLASS)->class;
	if (!m.class)
		m.class = MACHINE_CONTAINER;
	found = usable(discovery, m.class, former, reg->update_only);
	if (reg->update_only ? former->given & MACHINE_UNIT_IS_SHARED : discovery->unit_is_shared)
		m.given |= MACHINE_UNIT_IS_SHARED;
	m.service = said_source(&s, SAID_SERVICE)->service;
	m.ssh_address = said_source(&s, SAID_SSH_ADDRESS)->ssh_address;
	m.control = said_source(&s, SAID_CONTROL)->control;
	m.poweroff_signal = said_source(&s, SAID_POWEROFF_SIGNAL)->poweroff_signal;
	m.reboot_signal = said_source(&s, SAID_REBOOT_SIGNAL)->reboot_signal;
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
	merge_interfaces(&m, reg->arena, said_source(&s, SAID_INTERFACES), &found);
	from = said_source(&s, SAID_ADDRESSES);
	/* Of a VM it is guesswork, which somebody who knows need not put up with. */
	if (m.class == MACHINE_VM && machine_has_given_address(from))
		found.n_addresses = 0;
	merge_addresses(&m, reg->arena, from, &found);
	return m;
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

/* A machine that was to be refreshed, and isn't there any more. Under the lock: look once more. */
static int forget_dead(struct writer *w, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine m;
	int r;

	machine_name_fold(name, folded);
	r = snapshot_find_name(&w->copy, folded, &m);
	if (r == 0 && leader_has_died(&m.leader, &w->copy.meta.origin)) {
		complain("%s: leader %u has died; unregistered", name, m.leader.pid);
		r = writer_remove(w, folded);
	}
	return r == -ENOENT ? 0 : r;
}

static int put_registration(struct writer *w, const struct registration *reg,
			    const struct discovery *discovery, unsigned int flags,
			    struct unitless *unitless)
{
	struct machine former = { 0 }, machine;
	struct register_conflict conflict;
	int r = -ENOENT;

	if (discovery->verdict == LEADER_OK)
		r = register_find_former(&w->copy, reg->machine.name, &discovery->found.leader,
					 &former);
	if (reg->update_only &&
	    (r == -ENOENT || leader_has_died(&discovery->found.leader, &w->copy.meta.origin)))
		return flags & PUBLISH_LEAVE_DEAD ? 0 : forget_dead(w, reg->machine.name);
	if (r == 0)
		/* Out of the pages, which change before it is used. */
		former = machine_copy(reg->arena, &former);
	else if (r != -ENOENT)
		return r;
	machine = assemble(reg, &former, discovery);
	r = register_machine(w, &machine, flags & PUBLISH_REPLACE, &conflict);
	if (r == -EEXIST) {
		complain_conflict(reg->subject, &conflict);
		return -ECANCELED;
	}
	if (r == 0 && !former.name && !machine.unit && !reg->scope)
		unitless->items[unitless->count++] = machine.name;
	return r;
}

static int put_all(struct writer *w, const struct registration *registrations,
		   const struct discovery *discoveries, size_t count, unsigned int flags,
		   struct unitless *unitless)
{
	for (size_t i = 0; i < count; i++) {
		const struct registration *reg = &registrations[i];
		int r = put_registration(w, reg, &discoveries[i], flags, unitless);

		if (r < 0 && r != -ECANCELED)
			complain("%s: %s", reg->subject, error_words(r));
		/* One that can't be refreshed stays as it is; others don't suffer for it. */
		if (r < 0 && (!reg->update_only || w->broken))
			return -1;
	}
	return 0;
}

/* Give the machine, which is sure to be registered, a scope. 0, or -ECANCELED after a message. */
static int place(struct writer *w, const struct registration *reg)
{
	char folded[MACHINE_NAME_SIZE], *unit = arena_alloc(reg->arena, UNIT_NAME_SIZE);
	struct machine m;
	int r;

	machine_name_fold(reg->machine.name, folded);
	r = snapshot_find_name(&w->copy, folded, &m);
	if (r < 0)
		return r;
	/* Out of the pages, which are about to change. */
	m = machine_copy(reg->arena, &m);
	/* Whoever has its pid by now isn't to be moved. */
	if (leader_has_died(&m.leader, &w->copy.meta.origin)) {
		complain("%s: leader %u: %s", reg->subject, m.leader.pid,
			 leader_words(LEADER_ABSENT));
		return -ECANCELED;
	}
	r = placement_enter(reg->subject, m.name, m.leader.pid, m.unit, unit);
	if (r <= 0)
		return r < 0 ? -ECANCELED : 0;
	m.unit = unit;
	m.given &= ~(uint32_t) MACHINE_UNIT_IS_SHARED;
	return writer_put(w, &m);
}

/* When all are sure to be registered, and not before. */
static int place_all(struct writer *w, const struct registration *registrations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = registrations[i].scope ? place(w, &registrations[i]) : 0;

		if (r < 0 && r != -ECANCELED)
			complain("%s: %s", registrations[i].subject, error_words(r));
		if (r < 0)
			return -1;
	}
	return 0;
}

/* Whether the record and what is now known of the machine differ. */
static bool is_outdated(struct snapshot *s, const struct registration *reg,
			const struct discovery *discovery)
{
	CLEANUP_FREE uint8_t *bytes = malloc(RECORD_SIZE_MAX),
			     *former_bytes = malloc(RECORD_SIZE_MAX);
	struct machine former, machine;
	int size, former_size;

	if (!bytes || !former_bytes)
		arena_out_of_memory();
	if (discovery->verdict != LEADER_OK ||
	    register_find_former(s, reg->machine.name, &discovery->found.leader, &former) < 0)
		return true;
	machine = assemble(reg, &former, discovery);
	machine.sequence = former.sequence;
	machine.realtime = former.realtime;
	machine.monotonic = former.monotonic;
	size = record_encode(&machine, bytes, RECORD_SIZE_MAX);
	former_size = record_encode(&former, former_bytes, RECORD_SIZE_MAX);
	return size < 0 || size != former_size || memcmp(bytes, former_bytes, (size_t) size) != 0;
}

/* Whether any is, in the registry of that generation, or there is another one by now. */
static bool any_is_outdated(const struct registration *registrations,
			    const struct discovery *discoveries, size_t count, uint64_t generation)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };

	if (snapshot_open(&snapshot, REGISTRY_PATH) < 0 || snapshot.meta.generation != generation)
		return true;
	for (size_t i = 0; i < count; i++)
		if (is_outdated(&snapshot, &registrations[i], &discoveries[i]))
			return true;
	return false;
}

/*
 * Look before taking the lock, and again under it if somebody has published
 * meanwhile. 1, 0 if there is nothing to publish, or -1 after a message.
 */
static int look_and_open(struct writer *w, struct discovery *discoveries,
			 const struct registration *registrations, size_t count, unsigned int flags)
{
	uint64_t generation;
	int r = writer_prepare(w, REGISTRY_DIRECTORY);

	if (r == 0) {
		if (discover_all(discoveries, registrations, count, flags, &generation) < 0)
			return -1;
		if (flags & PUBLISH_IF_OUTDATED &&
		    !any_is_outdated(registrations, discoveries, count, generation))
			return 0;
		r = writer_begin(w);
	}
	if (r < 0) {
		complain_registry(w->blamed, r);
		return -1;
	}
	if (w->former_generation != generation &&
	    discover_all(discoveries, registrations, count, flags, &generation) < 0)
		return -1;
	return 1;
}

/* Whether something that was in the way of a look may not be any more the next time. */
static bool is_passing(int error)
{
	return error == -EINTR || error == -EAGAIN || error == -ENOMEM || error == -ENFILE ||
	       error == -EMFILE || error == -ENOBUFS || error == -EBUSY;
}

static bool is_whole(const struct discovery *discoveries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < discoveries[i].n_misses; j++)
			if (discoveries[i].verdict == LEADER_OK &&
			    is_passing(discoveries[i].misses[j].error))
				return false;
	return true;
}

/* With the discoveries that came of it. 0, 1 if the exports are to be tried again, or -1. */
static int publish_discovered(const struct registration *registrations,
			      struct discovery *discoveries, size_t count, unsigned int flags)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	CLEANUP_FREE const char **names = calloc(count + 1, sizeof *names);
	struct unitless unitless = { names, 0 };
	int r;

	if (!names)
		arena_out_of_memory();
	r = look_and_open(&writer, discoveries, registrations, count, flags);
	if (r <= 0)
		return r;
	if (flags & PUBLISH_EMPTY)
		writer_start_empty(&writer);
	if (put_all(&writer, registrations, discoveries, count, flags, &unitless) < 0 ||
	    place_all(&writer, registrations, count) < 0)
		return -1;
	r = publish(&writer);
	if (r >= 0 && !(flags & PUBLISH_UNATTENDED))
		tell_unitless(&unitless);
	return r;
}

int publish_registrations(const struct registration *registrations, size_t count,
			  unsigned int flags)
{
	CLEANUP_FREE struct discovery *discoveries = calloc(count + 1, sizeof *discoveries);
	int r;

	if (!discoveries)
		arena_out_of_memory();
	r = publish_discovered(registrations, discoveries, count, flags);
	if (r < 0 || (flags & PUBLISH_WHOLE && (r > 0 || !is_whole(discoveries, count))))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
