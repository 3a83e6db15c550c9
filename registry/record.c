/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/record.h"

#include "registry/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/*
 * Tags are never used again for something else. A reader passes over those
 * that it doesn't know, and a writer carries them on, so that a new field needs
 * no new version: programs keep the module of last month loaded, and an old
 * monitor rewrites records of a new registrar.
 */
enum record_tag {
	TAG_NAME = 1,
	TAG_CLASS = 2,
	TAG_GIVEN = 3,
	TAG_ID = 4,
	TAG_LEADER = 5,
	TAG_TIME = 6,
	TAG_VSOCK_CID = 7,
	TAG_SERVICE = 8,
	TAG_UNIT = 9,
	TAG_ROOT = 10,
	TAG_SSH_ADDRESS = 11,
	TAG_ALIASES = 12,
	TAG_UIDS = 13,
	TAG_GIDS = 14,
	TAG_INTERFACES = 15,
	TAG_ADDRESSES = 16,
	TAG_CONTROL = 17,
	TAG_SIGNALS = 18,
	TAG_NAMESPACES = 19,
	TAG_NEXT_NAMES = 20,
	TAG_UNANSWERED = 21,
	TAG_HOST_NETWORK = 22,
	TAG_DESCRIPTION = 23,
	TAG_OWNER = 24,
	TAG_SYSTEM = 25,
	TAG_SSH_KEY = 26,
	TAG_CONTROL_ADDRESS = 27,
	TAG_SUPERVISOR = 28,
};
#define TAG_MAX TAG_SUPERVISOR

#define RECORD_VERSION 1

bool leader_equal(const struct machine_leader *a, const struct machine_leader *b)
{
	/* Two processes may have the same pid and start in the same tick, but no inode twice. */
	if (a->pidfd_inode && b->pidfd_inode && a->pidfd_inode != b->pidfd_inode)
		return false;
	if (a->pidfd_inode && b->pidfd_inode && (!a->start_time || !b->start_time))
		return a->pid == b->pid;
	return a->pid == b->pid && a->start_time == b->start_time;
}

void machine_set_addresses(struct machine *m, struct machine_address *addresses, size_t count)
{
	m->n_addresses = addresses_divide(addresses, count);
	if (m->n_addresses > MACHINE_ADDRESSES_MAX)
		m->n_addresses = MACHINE_ADDRESSES_MAX;
	if (count > MACHINE_ADDRESSES_MAX)
		count = MACHINE_ADDRESSES_MAX;
	m->addresses = addresses;
	m->unanswered = addresses + m->n_addresses;
	m->n_unanswered = count - m->n_addresses;
}

const struct machine_address *machine_address(const struct machine *m, size_t n)
{
	if (n < m->n_addresses)
		return &m->addresses[n];
	n -= m->n_addresses;
	return n < m->n_unanswered ? &m->unanswered[n] : NULL;
}

bool machine_has_given_address(const struct machine *m)
{
	for (size_t i = 0; i < m->n_addresses; i++)
		if (m->addresses[i].flags & ADDRESS_GIVEN)
			return true;
	return false;
}

bool machine_is_host_process(const struct machine *m)
{
	return m->knows_namespaces && !(m->namespaces & MACHINE_HAS_NAMESPACES);
}

static const char *next_string(const char *strings, size_t size, const char *string)
{
	const char *next = string ? string + strlen(string) + 1 : strings;

	return next && next < strings + size ? next : NULL;
}

const char *machine_next_alias(const struct machine *m, const char *alias)
{
	return next_string(m->aliases, m->aliases_size, alias);
}

const char *machine_next_name(const struct machine *m, const char *name)
{
	return next_string(m->next_names, m->next_names_size, name);
}

const char *machine_description(const struct machine *m)
{
	return m->description && strcmp(m->description, m->name) != 0 ? m->description : NULL;
}

size_t machine_count_aliases(const struct machine *machine)
{
	size_t count = 0;

	for (const char *alias = NULL; (alias = machine_next_alias(machine, alias));)
		count++;
	return count;
}

const char *machine_class_name(enum machine_class class)
{
	switch (class) {
	case MACHINE_HOST: return "host";
	case MACHINE_CONTAINER: break;
	case MACHINE_VM: return "vm";
	}
	return "container";
}

int machine_class_parse(const char *text, enum machine_class *class)
{
	if (strcmp(text, "container") == 0)
		*class = MACHINE_CONTAINER;
	else if (strcmp(text, "vm") == 0)
		*class = MACHINE_VM;
	else
		return -EINVAL;
	return 0;
}

static void put_field(struct wire_writer *w, uint16_t tag, const void *bytes, size_t size)
{
	if (size > UINT16_MAX)
		w->failed = true;
	wire_put_u16(w, tag);
	wire_put_u16(w, (uint16_t) size);
	wire_put(w, bytes, size);
}

static void put_string(struct wire_writer *w, uint16_t tag, const char *string)
{
	if (string)
		put_field(w, tag, string, strlen(string) + 1);
}

static void put_u32(struct wire_writer *w, uint16_t tag, uint32_t value)
{
	put_field(w, tag, &value, sizeof value);
}

static void put_array(struct wire_writer *w, uint16_t tag, const void *items, size_t count,
		      size_t item_size)
{
	if (count)
		put_field(w, tag, items, count * item_size);
}

static void put_process(struct wire_writer *w, uint16_t tag, const struct machine_leader *leader)
{
	wire_put_u16(w, tag);
	wire_put_u16(w, 20);
	wire_put_u32(w, leader->pid);
	wire_put_u64(w, leader->start_time);
	wire_put_u64(w, leader->pidfd_inode);
}

static void put_time(struct wire_writer *w, const struct machine *m)
{
	wire_put_u16(w, TAG_TIME);
	wire_put_u16(w, 16);
	wire_put_u64(w, m->realtime);
	wire_put_u64(w, m->monotonic);
}

static void put_signals(struct wire_writer *w, const struct machine *m)
{
	wire_put_u16(w, TAG_SIGNALS);
	wire_put_u16(w, 8);
	wire_put_u32(w, m->poweroff_signal);
	wire_put_u32(w, m->reboot_signal);
}

static void put_namespaces(struct wire_writer *w, const struct machine *m)
{
	wire_put_u16(w, TAG_NAMESPACES);
	wire_put_u16(w, 12);
	wire_put_u32(w, m->namespaces);
	wire_put_u64(w, m->user_namespace);
}

/* Of a text that may be missing, which is an empty one. */
static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

static void put_text(struct wire_writer *w, const char *text)
{
	wire_put(w, text ? text : "", text_size(text));
}

static void put_system(struct wire_writer *w, const struct machine_system *system)
{
	static const uint8_t no_id[sizeof system->id];

	wire_put_u16(w, TAG_SYSTEM);
	wire_put_u16(w, (uint16_t) (16 + sizeof system->id + text_size(system->os) +
				    text_size(system->version) + text_size(system->os_name)));
	wire_put_u64(w, system->root_device);
	wire_put_u64(w, system->root_inode);
	wire_put(w, system->has_id ? system->id : no_id, sizeof system->id);
	put_text(w, system->os);
	put_text(w, system->version);
	put_text(w, system->os_name);
}

/* Of the fields as they were decoded, those that this version doesn't know. */
static void put_later_fields(struct wire_writer *w, const struct machine *m)
{
	struct wire_reader r = { .at = m->later_fields };
	struct wire_writer former = *w;

	if (!m->later_fields_size)
		return;
	r.end = m->later_fields + m->later_fields_size;
	while (!r.failed && r.at < r.end) {
		uint16_t tag = wire_get_u16(&r), length = wire_get_u16(&r);
		const uint8_t *bytes = wire_take(&r, length);

		if (bytes && (tag == 0 || tag > TAG_MAX))
			put_field(w, tag, bytes, length);
	}
	if (w->failed && !former.failed)
		*w = former;
}

int record_encode(const struct machine *m, uint8_t *bytes, size_t size)
{
	struct wire_writer w = { .at = bytes, .end = bytes + size };

	wire_put_u16(&w, RECORD_VERSION);
	wire_put_u64(&w, m->sequence);
	put_string(&w, TAG_NAME, m->name);
	put_u32(&w, TAG_CLASS, m->class);
	put_u32(&w, TAG_GIVEN, m->given);
	if (m->has_id)
		put_field(&w, TAG_ID, m->id, sizeof m->id);
	put_process(&w, TAG_LEADER, &m->leader);
	put_time(&w, m);
	if (m->vsock_cid)
		put_u32(&w, TAG_VSOCK_CID, m->vsock_cid);
	put_string(&w, TAG_SERVICE, m->service);
	put_string(&w, TAG_UNIT, m->unit);
	put_string(&w, TAG_ROOT, m->root_directory);
	put_string(&w, TAG_SSH_ADDRESS, m->ssh_address);
	put_array(&w, TAG_ALIASES, m->aliases, m->aliases_size, 1);
	put_array(&w, TAG_UIDS, m->uids.extents, m->uids.count, sizeof *m->uids.extents);
	put_array(&w, TAG_GIDS, m->gids.extents, m->gids.count, sizeof *m->gids.extents);
	put_array(&w, TAG_INTERFACES, m->interfaces, m->n_interfaces, sizeof *m->interfaces);
	put_array(&w, TAG_ADDRESSES, m->addresses, m->n_addresses, sizeof *m->addresses);
	put_array(&w, TAG_UNANSWERED, m->unanswered, m->n_unanswered, sizeof *m->unanswered);
	put_string(&w, TAG_CONTROL, m->control);
	if (m->poweroff_signal || m->reboot_signal)
		put_signals(&w, m);
	if (m->knows_namespaces)
		put_namespaces(&w, m);
	put_array(&w, TAG_NEXT_NAMES, m->next_names, m->next_names_size, 1);
	if (m->host_network)
		put_field(&w, TAG_HOST_NETWORK, &m->host_network, sizeof m->host_network);
	put_string(&w, TAG_DESCRIPTION, m->description);
	if (m->owner)
		put_u32(&w, TAG_OWNER, m->owner);
	if (m->system.is_known)
		put_system(&w, &m->system);
	put_string(&w, TAG_SSH_KEY, m->ssh_key);
	put_string(&w, TAG_CONTROL_ADDRESS, m->control_address);
	if (m->supervisor.pid)
		put_process(&w, TAG_SUPERVISOR, &m->supervisor);
	put_later_fields(&w, m);
	return w.failed ? -ENOSPC : (int) (w.at - bytes);
}

/* A string of at most `max` bytes with its NUL at the end and none before. */
static const char *get_string(struct wire_reader *field, size_t max)
{
	size_t size = (size_t) (field->end - field->at);
	const char *string = wire_take(field, size);

	if (!string || size < 2 || size > max + 1 || memchr(string, 0, size) != string + size - 1)
		field->failed = true;
	return string;
}

static const char *get_name(struct wire_reader *field)
{
	const char *name = get_string(field, MACHINE_NAME_MAX);
	char folded[MACHINE_NAME_SIZE];

	if (!field->failed && machine_name_fold(name, folded) == 0)
		field->failed = true;
	return name;
}

/* Names one after another, each with its NUL. */
static void get_names(struct wire_reader *field, const char **names, size_t *names_size)
{
	size_t size = (size_t) (field->end - field->at), count = 0;
	const char *strings = wire_take(field, size);

	if (!strings || size == 0 || strings[size - 1] != '\0') {
		field->failed = true;
		return;
	}
	for (size_t at = 0; at < size && !field->failed; at += strlen(strings + at) + 1) {
		char folded[MACHINE_NAME_SIZE];

		if (++count > MACHINE_ALIASES_MAX || machine_name_fold(strings + at, folded) == 0)
			field->failed = true;
	}
	*names = strings;
	*names_size = size;
}

/* Read the rest of the field as an array of at most `max` items. Returns their number. */
static size_t get_array(struct wire_reader *field, size_t item_size, size_t max, const void **items)
{
	size_t size = (size_t) (field->end - field->at), count = size / item_size;

	*items = wire_take(field, size);
	if (size % item_size || count > max)
		field->failed = true;
	return count;
}

static void get_idmap(struct wire_reader *field, struct idmap *map)
{
	const void *extents;

	map->count = get_array(field, sizeof *map->extents, IDMAP_EXTENTS_MAX, &extents);
	map->extents = extents;
	for (size_t i = 0; i < map->count && !field->failed; i++)
		field->failed = idmap_extent_check(&map->extents[i]) < 0;
}

static size_t get_addresses(struct wire_reader *field, const struct machine_address **addresses)
{
	const struct machine_address *a;
	const void *items;
	size_t count = get_array(field, sizeof *a, MACHINE_ADDRESSES_MAX, &items);

	a = items;
	for (size_t i = 0; i < count && !field->failed; i++)
		if (address_length(a[i].family) == 0 || a[i].interface[IF_NAMESIZE - 1])
			field->failed = true;
	*addresses = a;
	return count;
}

static void get_interfaces(struct wire_reader *field, struct machine *m)
{
	const void *items;

	m->n_interfaces = get_array(field, sizeof *m->interfaces, MACHINE_INTERFACES_MAX, &items);
	m->interfaces = items;
}

static void get_class(struct wire_reader *field, struct machine *m)
{
	uint32_t class = wire_get_u32(field);

	if (class != MACHINE_CONTAINER && class != MACHINE_VM)
		field->failed = true;
	m->class = class;
}

static void get_process(struct wire_reader *field, struct machine_leader *leader)
{
	leader->pid = wire_get_u32(field);
	leader->start_time = wire_get_u64(field);
	leader->pidfd_inode = wire_get_u64(field);
	if (leader->pid == 0 || leader->pid > INT32_MAX)
		field->failed = true;
}

static void get_signals(struct wire_reader *field, struct machine *m)
{
	m->poweroff_signal = wire_get_u32(field);
	m->reboot_signal = wire_get_u32(field);
	if (m->poweroff_signal > MACHINE_SIGNAL_MAX || m->reboot_signal > MACHINE_SIGNAL_MAX)
		field->failed = true;
}

static void get_namespaces(struct wire_reader *field, struct machine *m)
{
	m->namespaces = wire_get_u32(field);
	m->user_namespace = wire_get_u64(field);
	m->knows_namespaces = true;
}

/* A text of at most `max` bytes with its NUL; NULL if it is empty. */
static const char *get_text(struct wire_reader *field, size_t max)
{
	size_t left = (size_t) (field->end - field->at), size;
	const char *text = (const char *) field->at;

	if (field->failed)
		return NULL;
	size = strnlen(text, left) + 1;
	if (size > left || size > max + 1) {
		field->failed = true;
		return NULL;
	}
	field->at += size;
	return *text ? text : NULL;
}

static void get_system(struct wire_reader *field, struct machine_system *system)
{
	static const uint8_t no_id[sizeof system->id];

	system->root_device = wire_get_u64(field);
	system->root_inode = wire_get_u64(field);
	wire_get(field, system->id, sizeof system->id);
	system->has_id = memcmp(system->id, no_id, sizeof no_id) != 0;
	system->os = get_text(field, MACHINE_SYSTEM_MAX);
	system->version = get_text(field, MACHINE_SYSTEM_MAX);
	system->os_name = get_text(field, MACHINE_SYSTEM_MAX);
	system->is_known = true;
}

/* Returns whether this version knows the tag. */
static bool get_field(struct wire_reader *field, uint16_t tag, struct machine *m)
{
	switch (tag) {
	case TAG_NAME: m->name = get_name(field); return true;
	case TAG_CLASS: get_class(field, m); return true;
	case TAG_GIVEN: m->given = wire_get_u32(field); return true;
	case TAG_ID:
		wire_get(field, m->id, sizeof m->id);
		m->has_id = true;
		return true;
	case TAG_LEADER: get_process(field, &m->leader); return true;
	case TAG_TIME:
		m->realtime = wire_get_u64(field);
		m->monotonic = wire_get_u64(field);
		return true;
	case TAG_VSOCK_CID: m->vsock_cid = wire_get_u32(field); return true;
	case TAG_SERVICE: m->service = get_string(field, MACHINE_WORD_MAX); return true;
	case TAG_UNIT: m->unit = get_string(field, MACHINE_WORD_MAX); return true;
	case TAG_ROOT: m->root_directory = get_string(field, MACHINE_ROOT_MAX); return true;
	case TAG_SSH_ADDRESS: m->ssh_address = get_string(field, MACHINE_WORD_MAX); return true;
	case TAG_ALIASES: get_names(field, &m->aliases, &m->aliases_size); return true;
	case TAG_UIDS: get_idmap(field, &m->uids); return true;
	case TAG_GIDS: get_idmap(field, &m->gids); return true;
	case TAG_INTERFACES: get_interfaces(field, m); return true;
	case TAG_ADDRESSES: m->n_addresses = get_addresses(field, &m->addresses); return true;
	case TAG_UNANSWERED: m->n_unanswered = get_addresses(field, &m->unanswered); return true;
	case TAG_CONTROL: m->control = get_string(field, MACHINE_CONTROL_MAX); return true;
	case TAG_SIGNALS: get_signals(field, m); return true;
	case TAG_NAMESPACES: get_namespaces(field, m); return true;
	case TAG_NEXT_NAMES: get_names(field, &m->next_names, &m->next_names_size); return true;
	case TAG_HOST_NETWORK: m->host_network = wire_get_u64(field); return true;
	case TAG_OWNER: m->owner = wire_get_u32(field); return true;
	case TAG_SYSTEM: get_system(field, &m->system); return true;
	case TAG_DESCRIPTION: m->description = get_string(field, MACHINE_WORD_MAX); return true;
	case TAG_SSH_KEY: m->ssh_key = get_string(field, MACHINE_WORD_MAX); return true;
	case TAG_CONTROL_ADDRESS:
		m->control_address = get_string(field, MACHINE_WORD_MAX);
		return true;
	case TAG_SUPERVISOR: get_process(field, &m->supervisor); return true;
	default: return false;
	}
}

int record_decode(const void *bytes, size_t size, struct machine *machine)
{
	struct wire_reader r = { .at = bytes, .end = (const uint8_t *) bytes + size };
	const uint8_t *fields;
	struct machine m = { 0 };

	if (wire_get_u16(&r) != RECORD_VERSION)
		return -EBADMSG;
	m.sequence = wire_get_u64(&r);
	fields = r.at;
	while (!r.failed && r.at < r.end) {
		uint16_t tag = wire_get_u16(&r), length = wire_get_u16(&r);
		struct wire_reader field = { .at = wire_take(&r, length) };

		if (!field.at)
			return -EBADMSG;
		field.end = field.at + length;
		if (!get_field(&field, tag, &m))
			m.later_fields = fields;
		else if (field.failed || field.at != field.end)
			return -EBADMSG;
	}
	if (r.failed || !m.name || !m.class || !m.leader.pid)
		return -EBADMSG;
	if (m.later_fields)
		m.later_fields_size = (size_t) (r.end - fields);
	*machine = m;
	return 0;
}
