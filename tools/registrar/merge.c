/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/merge.h"

#include <string.h>

/* The three places that a fact can come from. */
struct sources {
	bool is_refresh;	     /* nobody gives anything */
	bool is_fixed;		     /* ids that were found before may not grow */
	unsigned int fields;	     /* enum registration_field: the facts that are given now */
	const struct machine *given; /* those facts */
	const struct machine *former;
	const struct machine *seen;
};

const struct machine_interface *given_interfaces(struct arena *arena, const struct machine *m,
						 size_t *count)
{
	struct machine_interface *items = arena_alloc(arena, m->n_interfaces * sizeof *items);
	size_t n = 0;

	for (size_t i = 0; i < m->n_interfaces; i++)
		if (m->interfaces[i].given)
			items[n++] = m->interfaces[i];
	*count = n;
	return items;
}

/* The source of a fact that can only be given. */
static const struct machine *given_source(const struct sources *s, enum registration_field field)
{
	return s->fields & field ? s->given : s->former;
}

/*
 * The source of a fact that can be given or seen. Giving an empty value, as by
 * "--unit=", returns to what is seen.
 */
static const struct machine *fact_source(const struct sources *s, enum registration_field field,
					 bool is_empty, enum machine_given flag, struct machine *m)
{
	bool is_given = s->fields & field ? !is_empty : s->former->given & flag;

	if (!is_given)
		return s->seen;
	m->given |= flag;
	return given_source(s, field);
}

/* Given interfaces stay; seen ones come after them. */
static void merge_interfaces(struct machine *m, struct arena *arena, const struct machine *given,
			     const struct machine *seen)
{
	struct machine_interface *items =
		arena_alloc(arena, (given->n_interfaces + seen->n_interfaces) * sizeof *items);
	size_t n = 0;

	for (size_t i = 0; i < given->n_interfaces; i++)
		if (given->interfaces[i].given)
			items[n++] = given->interfaces[i];
	for (size_t i = 0, n_given = n; i < seen->n_interfaces; i++) {
		size_t j = 0;

		while (j < n_given && items[j].index != seen->interfaces[i].index)
			j++;
		if (j == n_given)
			items[n++] = seen->interfaces[i];
	}
	m->interfaces = items;
	m->n_interfaces = n < MACHINE_INTERFACES_MAX ? n : MACHINE_INTERFACES_MAX;
}

static struct machine_address *find_address(struct machine_address *addresses, size_t count,
					    const struct machine_address *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].family == wanted->family &&
		    memcmp(addresses[i].bytes, wanted->bytes, sizeof wanted->bytes) == 0 &&
		    (!address_needs_interface(wanted) ||
		     addresses[i].host_interface == wanted->host_interface))
			return &addresses[i];
	return NULL;
}

/* A given address that is seen, too, is both. */
static void add_seen_address(struct machine_address *items, size_t n_given, size_t *n,
			     const struct machine_address *seen)
{
	struct machine_address *given = find_address(items, n_given, seen);

	if (given)
		given->flags |= seen->flags & ADDRESS_SEEN;
	else
		items[(*n)++] = *seen;
}

/* Whether another machine has an address is for the writer to say: until then, it is as it was. */
static void keep_contested(struct machine_address *addresses, size_t count,
			   const struct machine *former)
{
	for (size_t i = 0; i < former->n_unanswered; i++) {
		const struct machine_address *was = &former->unanswered[i];
		struct machine_address *address =
			was->flags & ADDRESS_CONTESTED ? find_address(addresses, count, was) : NULL;

		if (address && !address_is_true(address) && address->flags & ADDRESS_SEEN)
			address->flags |= ADDRESS_CONTESTED;
	}
}

static void merge_addresses(struct machine *m, struct arena *arena, const struct machine *given,
			    const struct machine *seen, const struct machine *former)
{
	struct machine_address *items =
		arena_alloc(arena, (given->n_addresses + seen->n_addresses) * sizeof *items);
	size_t n = 0, n_given;

	for (size_t i = 0; i < given->n_addresses; i++)
		if (given->addresses[i].flags & ADDRESS_GIVEN) {
			items[n] = given->addresses[i];
			items[n++].flags &= (uint8_t) ~ADDRESS_SEEN;
		}
	n_given = n;
	/* A VM's seen addresses are guesses: given ones replace them all. */
	if (m->class != MACHINE_VM || n_given == 0)
		for (size_t i = 0; i < seen->n_addresses; i++)
			add_seen_address(items, n_given, &n, &seen->addresses[i]);
	keep_contested(items, n, former);
	machine_set_addresses(m, items, n);
}

static void keep_former_namespaces(struct machine *seen, const struct machine *former)
{
	seen->knows_namespaces = former->knows_namespaces;
	seen->namespaces = former->namespaces;
	seen->user_namespace = former->user_namespace;
	seen->uids = former->uids;
	seen->gids = former->gids;
}

static const struct machine_address *former_addresses(struct arena *arena,
						      const struct machine *former, size_t *count)
{
	struct machine_address *items =
		arena_alloc(arena, (former->n_addresses + former->n_unanswered) * sizeof *items);
	const struct machine_address *address;

	for (*count = 0; (address = machine_address(former, *count)); ++*count)
		items[*count] = *address;
	return items;
}

static void keep_former_network(struct machine *seen, struct arena *arena,
				const struct machine *former)
{
	seen->interfaces = former->interfaces;
	seen->n_interfaces = former->n_interfaces;
	seen->addresses = former_addresses(arena, former, &seen->n_addresses);
}

/* The facts that were seen, with the former values of those that couldn't be read. */
static struct machine usable_facts(struct arena *arena, const struct observation *o,
				   enum machine_class class, const struct machine *former,
				   bool is_refresh)
{
	struct machine seen = o->seen;

	/* Only the registrar's own unit says whether a unit is shared: a refresher may be elsewhere. */
	if (o->unread & MACHINE_GIVEN_UNIT ||
	    (is_refresh && former->given & MACHINE_UNIT_IS_SHARED))
		seen.unit = former->unit;
	/* The class changed after the observation, so that other facts were read. */
	if ((class == MACHINE_VM) != (o->class == MACHINE_VM))
		return (struct machine){ .leader = seen.leader, .unit = seen.unit };
	if (o->unread & MACHINE_GIVEN_UID_MAP)
		seen.uids = former->uids;
	if (o->unread & MACHINE_GIVEN_GID_MAP)
		seen.gids = former->gids;
	if (o->unread & MACHINE_GIVEN_ROOT)
		seen.root_directory = former->root_directory;
	if (o->unread & UNREAD_SYSTEM)
		seen.system = former->system;
	if (o->unread & UNREAD_NAMESPACES)
		keep_former_namespaces(&seen, former);
	if (o->unread & UNREAD_NETWORK)
		keep_former_network(&seen, arena, former);
	return seen;
}

static void merge_given_facts(struct machine *m, const struct sources *s)
{
	const struct machine *from;

	m->description = given_source(s, FIELD_DESCRIPTION)->description;
	m->service = given_source(s, FIELD_SERVICE)->service;
	m->ssh_address = given_source(s, FIELD_SSH_ADDRESS)->ssh_address;
	m->ssh_key = given_source(s, FIELD_SSH_KEY)->ssh_key;
	m->control = given_source(s, FIELD_CONTROL)->control;
	m->control_address = given_source(s, FIELD_CONTROL_ADDRESS)->control_address;
	m->poweroff_signal = given_source(s, FIELD_POWEROFF_SIGNAL)->poweroff_signal;
	m->reboot_signal = given_source(s, FIELD_REBOOT_SIGNAL)->reboot_signal;
	m->vsock_cid = given_source(s, FIELD_VSOCK_CID)->vsock_cid;
	m->supervisor = given_source(s, FIELD_SUPERVISOR)->supervisor;
	from = given_source(s, FIELD_ID);
	m->has_id = from->has_id;
	memcpy(m->id, from->id, sizeof m->id);
	from = given_source(s, FIELD_ALIASES);
	m->aliases = from->aliases;
	m->aliases_size = from->aliases_size;
}

static void merge_seen_facts(struct machine *m, struct arena *arena, const struct sources *s)
{
	const struct machine *given = s->given;

	m->unit = fact_source(s, FIELD_UNIT, !given->unit, MACHINE_GIVEN_UNIT, m)->unit;
	m->root_directory =
		fact_source(s, FIELD_ROOT, !given->root_directory, MACHINE_GIVEN_ROOT, m)
			->root_directory;
	merge_interfaces(m, arena, given_source(s, FIELD_INTERFACES), s->seen);
	merge_addresses(m, arena, given_source(s, FIELD_ADDRESSES), s->seen, s->former);
}

static enum machine_given given_map_flag(enum id_kind kind)
{
	return kind == ID_UID ? MACHINE_GIVEN_UID_MAP : MACHINE_GIVEN_GID_MAP;
}

static const struct idmap *map_of(const struct machine *m, enum id_kind kind)
{
	return kind == ID_UID ? &m->uids : &m->gids;
}

/* The part of the seen map that the former one has, too. */
static struct idmap narrowed_map(struct arena *arena, const struct idmap *former,
				 const struct idmap *seen)
{
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	size_t count;

	if (idmap_equal(former, seen))
		return *former;
	count = idmap_intersect(former, seen, extents, IDMAP_EXTENTS_MAX);
	return (struct idmap){ arena_copy(arena, extents, count * sizeof *extents), count };
}

/*
 * A machine's root may give its leader another map only by another user
 * namespace. So a map that was found once never grows, and ids of another
 * namespace aren't the machine's.
 */
static void merge_seen_ids(struct machine *m, struct arena *arena, const struct sources *s,
			   enum id_kind kind)
{
	struct idmap *map = kind == ID_UID ? &m->uids : &m->gids;
	const struct idmap *former = map_of(s->former, kind), *seen = map_of(s->seen, kind);

	if (m->namespaces & MACHINE_HAS_LOST_IDS)
		*map = (struct idmap){ 0 };
	else if (s->is_fixed && former->count && !(s->former->given & given_map_flag(kind)))
		*map = narrowed_map(arena, former, seen);
	else
		*map = *seen;
}

static void merge_ids(struct machine *m, struct arena *arena, const struct sources *s)
{
	const struct idmap *uids = &s->given->uids, *gids = &s->given->gids;
	const struct machine *from;

	from = fact_source(s, FIELD_UID_MAP, !uids->count, MACHINE_GIVEN_UID_MAP, m);
	if (from == s->seen)
		merge_seen_ids(m, arena, s, ID_UID);
	else
		m->uids = from->uids;
	from = fact_source(s, FIELD_GID_MAP, !gids->count, MACHINE_GIVEN_GID_MAP, m);
	if (from == s->seen)
		merge_seen_ids(m, arena, s, ID_GID);
	else
		m->gids = from->gids;
}

static void merge_namespaces(struct machine *m, const struct sources *s)
{
	const struct machine *former = s->former, *seen = s->seen;
	bool is_elsewhere;

	m->knows_namespaces = seen->knows_namespaces;
	m->namespaces = seen->namespaces & ~(uint32_t) MACHINE_HAS_LOST_IDS;
	m->user_namespace = seen->user_namespace;
	if (!s->is_fixed || !former->knows_namespaces || !seen->knows_namespaces)
		return;
	is_elsewhere = former->user_namespace != seen->user_namespace;
	if (is_elsewhere || former->namespaces & MACHINE_HAS_LOST_IDS) {
		m->namespaces |= MACHINE_HAS_LOST_IDS;
		m->user_namespace = former->user_namespace;
	}
}

/* A hook's registration of a machine that a person has named leaves the name to the person. */
static void merge_names(struct machine *m, const struct registration *given,
			const struct sources *s)
{
	bool is_hooked = s->is_refresh
				 ? s->former->given & MACHINE_NAMES_HOOKED
				 : given->is_hooked && (!s->former->name ||
							s->former->given & MACHINE_NAMES_HOOKED);

	if (!is_hooked)
		return;
	m->given |= MACHINE_NAMES_HOOKED;
	m->next_names = s->is_refresh ? s->former->next_names : given->machine.next_names;
	m->next_names_size = s->is_refresh ? s->former->next_names_size
					   : given->machine.next_names_size;
}

struct machine merge_machine(struct arena *arena, const struct merge_sources *from)
{
	static const struct machine nothing;
	const struct registration *given = from->given;
	const struct observation *o = from->observation;
	struct sources s = { .is_refresh = !given,
			     .is_fixed = from->former && !from->is_starting,
			     .fields = given ? given->given : 0,
			     .given = given ? &given->machine : &nothing,
			     .former = from->former ? from->former : &nothing };
	struct machine m = { .name = from->name, .leader = o->seen.leader }, seen;

	m.class = given_source(&s, FIELD_CLASS)->class;
	if (!m.class)
		m.class = MACHINE_CONTAINER;
	seen = usable_facts(arena, o, m.class, s.former, s.is_refresh);
	s.seen = &seen;
	if (s.is_refresh ? s.former->given & MACHINE_UNIT_IS_SHARED : o->unit_is_shared)
		m.given |= MACHINE_UNIT_IS_SHARED;
	m.later_fields = s.former->later_fields;
	m.later_fields_size = s.former->later_fields_size;
	m.owner = given ? given->owner : s.former->owner;
	merge_names(&m, given, &s);
	m.system = seen.system;
	merge_namespaces(&m, &s);
	merge_given_facts(&m, &s);
	merge_seen_facts(&m, arena, &s);
	merge_ids(&m, arena, &s);
	return m;
}

bool merge_has_new_ids(const struct merge_sources *sources, const struct machine *merged,
		       enum id_kind kind)
{
	return sources->former && !sources->is_starting && map_of(merged, kind)->count &&
	       !(merged->given & given_map_flag(kind)) &&
	       (map_of(sources->former, kind)->count == 0 ||
		sources->former->given & given_map_flag(kind));
}
