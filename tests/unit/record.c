/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "registry/record.h"
#include "registry/wire.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct idmap_extent uids[] = { { 0, 100000, 1000 },
					    { 1000, 1000, 1 },
					    { 1001, 101001, 64535 } };
static const struct idmap_extent gids[] = { { 0, 200000, 65536 } };
static const struct machine_interface interfaces[] = { { 7, 0 }, { 9, 1 } };
static const struct machine_address addresses[] = {
	{ .family = AF_INET, .bytes = { 10, 0, 0, 2 }, .prefix_length = 24, .interface = "host0" },
	{ .family = AF_INET6,
	  .scope = RT_SCOPE_LINK,
	  .bytes = { 0xfe, 0x80, [15] = 2 },
	  .host_interface = 7,
	  .interface = "host0" },
};
static const struct machine_address claims[] = {
	{ .family = AF_INET, .bytes = { 192, 0, 2, 7 }, .prefix_length = 32, .interface = "lo" },
};

static const struct machine full = {
	.sequence = 42,
	.name = "Web-1",
	.class = MACHINE_CONTAINER,
	.given = MACHINE_GIVEN_UNIT | MACHINE_GIVEN_GID_MAP,
	.has_id = true,
	.id = { 1, 2, 3, [15] = 16 },
	.leader = { 4711, 123456789, 987654321012 },
	.realtime = 1795387863189617,
	.monotonic = 4677345694,
	.vsock_cid = 4294967294u,
	.owner = 1000,
	.supervisor = { 4294967, 987654321, 1234567890123 },
	.system = { .is_known = true,
		    .root_device = 0xfd00000012345,
		    .root_inode = UINT64_MAX,
		    .has_id = true,
		    .id = { [15] = 1 },
		    .os = "debian",
		    .os_name = "Debian" },
	.service = "lxc",
	.unit = "machine-web1.scope",
	.root_directory = "/var/lib/machines/web1",
	.ssh_address = "root@10.0.0.2",
	.ssh_key = "/root/key",
	.control_address = "/run/vm1.varlink",
	.description = "Web, 1",
	.control = "/run/vm1.qmp",
	.poweroff_signal = 38,
	.reboot_signal = 2,
	.aliases = "www\0mail.example.com",
	.aliases_size = sizeof "www\0mail.example.com",
	.knows_namespaces = true,
	.namespaces = MACHINE_HAS_NAMESPACES | MACHINE_HAS_USER_NAMESPACE,
	.user_namespace = 4026531837,
	.next_names = "web1-lxc",
	.next_names_size = sizeof "web1-lxc",
	.uids = { uids, 3 },
	.gids = { gids, 1 },
	.host_network = 4026531840u,
	.interfaces = interfaces,
	.n_interfaces = 2,
	.addresses = addresses,
	.n_addresses = 2,
	.unanswered = claims,
	.n_unanswered = 1,
};

static const struct machine least = { .name = "a", .class = MACHINE_VM, .leader = { 2, 0, 0 } };

static void assert_string(const char *a, const char *b)
{
	ck_assert_pstr_eq(a, b);
}

static void assert_same_system(const struct machine_system *a, const struct machine_system *b)
{
	ck_assert_int_eq(a->is_known, b->is_known);
	ck_assert_uint_eq(a->root_device, b->root_device);
	ck_assert_uint_eq(a->root_inode, b->root_inode);
	ck_assert_int_eq(a->has_id, b->has_id);
	ck_assert_mem_eq(a->id, b->id, sizeof a->id);
	assert_string(a->os, b->os);
	assert_string(a->version, b->version);
	assert_string(a->os_name, b->os_name);
}

static void assert_same(const struct machine *a, const struct machine *b)
{
	ck_assert_uint_eq(a->sequence, b->sequence);
	assert_string(a->name, b->name);
	ck_assert_int_eq(a->class, b->class);
	ck_assert_uint_eq(a->given, b->given);
	ck_assert_int_eq(a->has_id, b->has_id);
	ck_assert_mem_eq(a->id, b->id, sizeof a->id);
	ck_assert_uint_eq(a->leader.pid, b->leader.pid);
	ck_assert_uint_eq(a->leader.start_time, b->leader.start_time);
	ck_assert_uint_eq(a->leader.pidfd_inode, b->leader.pidfd_inode);
	ck_assert_uint_eq(a->supervisor.pid, b->supervisor.pid);
	ck_assert_uint_eq(a->supervisor.start_time, b->supervisor.start_time);
	ck_assert_uint_eq(a->supervisor.pidfd_inode, b->supervisor.pidfd_inode);
	ck_assert_uint_eq(a->realtime, b->realtime);
	ck_assert_uint_eq(a->monotonic, b->monotonic);
	ck_assert_uint_eq(a->vsock_cid, b->vsock_cid);
	ck_assert_uint_eq(a->owner, b->owner);
	ck_assert_uint_eq(a->host_network, b->host_network);
	assert_string(a->service, b->service);
	assert_string(a->unit, b->unit);
	assert_string(a->root_directory, b->root_directory);
	assert_string(a->ssh_address, b->ssh_address);
	assert_string(a->ssh_key, b->ssh_key);
	assert_string(a->control_address, b->control_address);
	assert_string(a->description, b->description);
	assert_same_system(&a->system, &b->system);
	assert_string(a->control, b->control);
	ck_assert_uint_eq(a->poweroff_signal, b->poweroff_signal);
	ck_assert_uint_eq(a->reboot_signal, b->reboot_signal);
	ck_assert_uint_eq(a->aliases_size, b->aliases_size);
	ck_assert_uint_eq(a->uids.count, b->uids.count);
	ck_assert_uint_eq(a->gids.count, b->gids.count);
	ck_assert_int_eq(a->knows_namespaces, b->knows_namespaces);
	ck_assert_uint_eq(a->namespaces, b->namespaces);
	ck_assert_uint_eq(a->user_namespace, b->user_namespace);
	ck_assert_uint_eq(a->next_names_size, b->next_names_size);
	if (a->next_names_size)
		ck_assert_mem_eq(a->next_names, b->next_names, a->next_names_size);
	ck_assert_uint_eq(a->n_interfaces, b->n_interfaces);
	ck_assert_uint_eq(a->n_addresses, b->n_addresses);
	if (a->n_addresses)
		ck_assert_mem_eq(a->addresses, b->addresses, a->n_addresses * sizeof *a->addresses);
	ck_assert_uint_eq(a->n_unanswered, b->n_unanswered);
	if (a->n_unanswered)
		ck_assert_mem_eq(a->unanswered, b->unanswered,
				 a->n_unanswered * sizeof *a->unanswered);
	if (a->n_interfaces)
		ck_assert_mem_eq(a->interfaces, b->interfaces,
				 a->n_interfaces * sizeof *a->interfaces);
	if (a->uids.count)
		ck_assert_mem_eq(a->uids.extents, b->uids.extents,
				 a->uids.count * sizeof *a->uids.extents);
}

/* In a block of just its size, so that a sanitizer sees a read beyond. */
static uint8_t *encode(const struct machine *m, size_t *size)
{
	static uint8_t room[RECORD_SIZE_MAX];
	int n = record_encode(m, room, sizeof room);
	uint8_t *bytes;

	ck_assert_int_gt(n, 0);
	bytes = malloc((size_t) n);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, room, (size_t) n);
	*size = (size_t) n;
	return bytes;
}

static void assert_round_trip(const struct machine *m)
{
	struct machine decoded;
	size_t size;
	uint8_t *bytes = encode(m, &size);

	ck_assert_int_eq(record_decode(bytes, size, &decoded), 0);
	assert_same(m, &decoded);
	free(bytes);
}

START_TEST(records_go_there_and_back)
{
	assert_round_trip(&full);
	assert_round_trip(&least);
}
END_TEST

START_TEST(a_record_of_the_most_of_everything_fits)
{
	static struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	static struct machine_interface ifs[MACHINE_INTERFACES_MAX];
	static struct machine_address as[MACHINE_ADDRESSES_MAX];
	static char aliases[MACHINE_ALIASES_MAX * MACHINE_NAME_SIZE];
	static char word[MACHINE_WORD_MAX + 1], root[MACHINE_ROOT_MAX + 1];
	struct machine m = full;
	char name[MACHINE_NAME_SIZE];

	for (uint32_t i = 0; i < IDMAP_EXTENTS_MAX; i++)
		extents[i] = (struct idmap_extent){ 2 * i, 100000 + 2 * i, 1 };
	for (uint32_t i = 0; i < MACHINE_ADDRESSES_MAX; i++)
		as[i] = (struct machine_address){ .family = AF_INET6, .bytes = { 0xfd } };
	memset(aliases, 'a', sizeof aliases);
	for (size_t i = 1; i <= MACHINE_ALIASES_MAX; i++)
		aliases[i * MACHINE_NAME_SIZE - 1] = '\0';
	memset(word, 'w', MACHINE_WORD_MAX);
	memset(root, '/', MACHINE_ROOT_MAX);
	memset(name, 'n', MACHINE_NAME_MAX);
	name[MACHINE_NAME_MAX] = '\0';
	m.name = name;
	m.service = m.unit = m.ssh_address = m.description = word;
	m.ssh_key = m.control_address = word;
	m.root_directory = root;
	m.control = word + MACHINE_WORD_MAX - MACHINE_CONTROL_MAX;
	m.aliases = aliases;
	m.aliases_size = sizeof aliases;
	m.uids = m.gids = (struct idmap){ extents, IDMAP_EXTENTS_MAX };
	m.interfaces = ifs;
	m.n_interfaces = MACHINE_INTERFACES_MAX;
	m.addresses = as;
	m.n_addresses = MACHINE_ADDRESSES_MAX;
	m.system.os = m.system.version = m.system.os_name =
		word + MACHINE_WORD_MAX - MACHINE_SYSTEM_MAX;
	assert_round_trip(&m);
}
END_TEST

START_TEST(a_fact_that_is_not_known_takes_no_room)
{
	/* Version and sequence; name, class, given, leader and time, each with tag and length. */
	static const int size = 10 + (4 + 2) + (4 + 4) + (4 + 4) + (4 + 20) + (4 + 16);
	uint8_t bytes[1024];
	struct machine m = least;

	ck_assert_int_eq(record_encode(&least, bytes, sizeof bytes), size);
	m.reboot_signal = 2;
	ck_assert_int_eq(record_encode(&m, bytes, sizeof bytes), size + 12);
	assert_round_trip(&m);
	m.reboot_signal = 0;
	m.poweroff_signal = 38;
	ck_assert_int_eq(record_encode(&m, bytes, sizeof bytes), size + 12);
	assert_round_trip(&m);
}
END_TEST

START_TEST(addresses_are_counted_before_claims)
{
	ck_assert_ptr_eq(machine_address(&full, 0), &addresses[0]);
	ck_assert_ptr_eq(machine_address(&full, 1), &addresses[1]);
	ck_assert_ptr_eq(machine_address(&full, 2), &claims[0]);
	ck_assert_ptr_null(machine_address(&full, 3));
}
END_TEST

START_TEST(encoding_says_where_there_is_no_room)
{
	uint8_t bytes[1024];
	int size = record_encode(&full, bytes, sizeof bytes);

	ck_assert_int_gt(size, 0);
	for (int room = 0; room < size; room++)
		ck_assert_int_eq(record_encode(&full, bytes, (size_t) room), -ENOSPC);
	ck_assert_int_eq(record_encode(&full, bytes, (size_t) size), size);
}
END_TEST

static size_t total_length(const struct machine *m)
{
	const char *const strings[] = { m->name,	   m->service,	       m->unit,
					m->root_directory, m->ssh_address,     m->control,
					m->ssh_key,	   m->control_address, m->system.os,
					m->system.version, m->system.os_name };
	size_t total = 0;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		total += strings[i] ? strlen(strings[i]) : 0;
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		total += strlen(alias);
	for (size_t i = 0; i < m->n_addresses; i++)
		total += strlen(m->addresses[i].interface);
	return total;
}

/* A decoded record can be used: no pointer or length leads out of the bytes. */
static bool decodes_safely(const uint8_t *bytes, size_t size)
{
	struct machine m = { .sequence = 7 };
	int r = record_decode(bytes, size, &m);

	if (r < 0)
		return r == -EBADMSG && m.sequence == 7 && !m.name;
	return total_length(&m) <= size && m.uids.count * sizeof *m.uids.extents <= size &&
	       (m.class == MACHINE_CONTAINER || m.class == MACHINE_VM);
}

/* `count` addresses; each n-th is a claim. */
static struct machine_address *many_addresses(size_t count, size_t nth)
{
	struct machine_address *many = calloc(count, sizeof *many);

	for (size_t i = 0; i < count; i++)
		many[i] = (struct machine_address){
			.family = AF_INET,
			.bytes = { 10, 0, (uint8_t) (i >> 8), (uint8_t) i },
			.flags = nth && i % nth == 0 ? 0 : ADDRESS_ROUTED,
		};
	return many;
}

START_TEST(a_record_has_no_more_addresses_than_it_can_hold)
{
	static const struct {
		size_t count, nth, answered, unanswered;
	} rows[] = {
		{ 0, 0, 0, 0 },
		{ 3, 3, 2, 1 },
		{ MACHINE_ADDRESSES_MAX, 0, MACHINE_ADDRESSES_MAX, 0 },
		{ MACHINE_ADDRESSES_MAX + 1, 0, MACHINE_ADDRESSES_MAX, 0 },
		{ 2 * MACHINE_ADDRESSES_MAX + 2, 2, MACHINE_ADDRESSES_MAX, 0 },
		{ MACHINE_ADDRESSES_MAX + 1, 1, 0, MACHINE_ADDRESSES_MAX },
		{ MACHINE_ADDRESSES_MAX + 8, 2, MACHINE_ADDRESSES_MAX / 2 + 4,
		  MACHINE_ADDRESSES_MAX / 2 - 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_address *many = many_addresses(rows[i].count, rows[i].nth);
		struct machine m = { .name = "web1" };

		machine_set_addresses(&m, many, rows[i].count);
		ck_assert_uint_eq(m.n_addresses, rows[i].answered);
		ck_assert_uint_eq(m.n_unanswered, rows[i].unanswered);
		ck_assert_ptr_null(machine_address(&m, m.n_addresses + m.n_unanswered));
		free(many);
	}
}
END_TEST

START_TEST(a_given_address_is_told_from_seen_ones)
{
	struct machine_address two[] = {
		{ .family = AF_INET, .bytes = { 10, 0, 0, 1 }, .flags = ADDRESS_ROUTED },
		{ .family = AF_INET, .bytes = { 10, 0, 0, 2 }, .flags = ADDRESS_ROUTED },
	};
	struct machine m = { .name = "web1", .addresses = two };

	ck_assert(!machine_has_given_address(&m));
	m.n_addresses = 2;
	ck_assert(!machine_has_given_address(&m));
	two[1].flags |= ADDRESS_GIVEN;
	ck_assert(machine_has_given_address(&m));
}
END_TEST

START_TEST(a_process_of_the_host_is_one_whose_namespaces_were_seen)
{
	struct machine m = { .name = "web1" };

	ck_assert(!machine_is_host_process(&m));
	m.knows_namespaces = true;
	ck_assert(machine_is_host_process(&m));
	m.namespaces = MACHINE_HAS_LOST_IDS;
	ck_assert(machine_is_host_process(&m));
	m.namespaces = MACHINE_HAS_NAMESPACES;
	ck_assert(!machine_is_host_process(&m));
	m.knows_namespaces = false;
	ck_assert(!machine_is_host_process(&m));
}
END_TEST

START_TEST(a_description_does_not_become_a_name)
{
	struct machine m = { .name = "web1" };

	ck_assert_ptr_null(machine_description(&m));
	m.description = "web1";
	ck_assert_ptr_null(machine_description(&m));
	m.description = "Web 1";
	ck_assert_str_eq(machine_description(&m), "Web 1");
}
END_TEST

START_TEST(cut_records_are_refused_or_whole)
{
	size_t size;
	uint8_t *bytes = encode(&full, &size);

	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *part = malloc(cut ? cut : 1);

		memcpy(part, bytes, cut);
		ck_assert(decodes_safely(part, cut));
		free(part);
	}
	free(bytes);
}
END_TEST

/* Check makes a message of each assertion, so there is one for all. */
START_TEST(damaged_records_do_no_harm)
{
	size_t size, unsafe = 0;
	uint8_t *good = encode(&full, &size), *bytes = malloc(size);

	memcpy(bytes, good, size);
	for (size_t at = 0; at < size; at++) {
		for (unsigned int value = 0; value < 256; value++) {
			bytes[at] = (uint8_t) value;
			unsafe += !decodes_safely(bytes, size);
		}
		bytes[at] = good[at];
	}
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		size_t at = (size_t) random() % size, length = (size_t) random() % 8;

		if (i % 16 == 0)
			memcpy(bytes, good, size);
		for (size_t j = at; j < size && j < at + length; j++)
			bytes[j] = (uint8_t) random();
		unsafe += !decodes_safely(bytes, size);
	}
	ck_assert_uint_eq(unsafe, 0);
	free(bytes);
	free(good);
}
END_TEST

START_TEST(fields_of_later_versions_are_carried_on)
{
	static const uint8_t unknown[] = { 0x99, 0x77, 3, 0, 'x', 'y', 'z' };
	uint8_t longer[1024], again[1024];
	struct machine decoded;
	size_t size;
	uint8_t *bytes = encode(&full, &size);

	memcpy(longer, bytes, size);
	memcpy(longer + size, unknown, sizeof unknown);
	ck_assert_int_eq(record_decode(longer, size + sizeof unknown, &decoded), 0);
	assert_same(&full, &decoded);
	ck_assert_int_eq(record_encode(&decoded, again, sizeof again), size + sizeof unknown);
	ck_assert_mem_eq(again, longer, size + sizeof unknown);
	/* Also from among others, and not if there is no room. */
	memmove(longer + 10 + sizeof unknown, longer + 10, size - 10);
	memcpy(longer + 10, unknown, sizeof unknown);
	ck_assert_int_eq(record_decode(longer, size + sizeof unknown, &decoded), 0);
	ck_assert_int_eq(record_encode(&decoded, again, sizeof again), size + sizeof unknown);
	ck_assert_mem_eq(again + size, unknown, sizeof unknown);
	ck_assert_int_eq(record_encode(&decoded, again, size + 1), size);
	memcpy(longer, bytes, size);
	memcpy(longer + size, unknown, sizeof unknown);
	/* But not one that runs out of the record. */
	ck_assert_int_eq(record_decode(longer, size + sizeof unknown - 1, &decoded), -EBADMSG);
	/* Nor another version of the record. */
	longer[0]++;
	ck_assert_int_eq(record_decode(longer, size, &decoded), -EBADMSG);
	free(bytes);
}
END_TEST

/* The record `least`, and one more field in it. Returns its size. */
static size_t with_field(uint8_t *record, size_t room, uint16_t tag, const void *bytes, size_t size)
{
	int before = record_encode(&least, record, room);
	struct wire_writer w = { .at = record + before, .end = record + room };

	wire_put_u16(&w, tag);
	wire_put_u16(&w, (uint16_t) size);
	wire_put(&w, bytes, size);
	ck_assert(!w.failed);
	return (size_t) (w.at - record);
}

/* The result of record_decode() for a field with this tag. */
static int decode_field(uint16_t tag, const void *bytes, size_t size)
{
	uint8_t record[RECORD_SIZE_MAX];
	struct machine m;

	return record_decode(record, with_field(record, sizeof record, tag, bytes, size), &m);
}

START_TEST(a_field_with_what_a_machine_cannot_have_is_refused)
{
	static const struct machine_address good = { .family = AF_INET, .interface = "host0" },
					    no_family = { .family = 1 },
					    no_end = { .family = AF_INET,
						       .interface = "abcdefghijklmnop" };
	static const struct idmap_extent nothing = { 0, 100000, 0 },
					 wrapped = { 0, 4294967295u, 2 };
	static const uint8_t no_system[36] = { 0 };
	static const uint32_t zero[5] = { 0 }, class_3 = 3, container = MACHINE_CONTAINER,
			      signals[2] = { MACHINE_SIGNAL_MAX, MACHINE_SIGNAL_MAX },
			      poweroff[2] = { MACHINE_SIGNAL_MAX + 1, 0 },
			      reboot[2] = { 0, MACHINE_SIGNAL_MAX + 1 },
			      last_pid[5] = { INT32_MAX }, no_pid[5] = { INT32_MAX + 1u };
	static const struct {
		uint16_t tag;
		const void *bytes;
		size_t size;
		bool is_good;
	} rows[] = {
		/* The name. */
		{ 1, "web1", 5, true },
		{ 1, "web1", 4, false },
		{ 1, "we\0b", 5, false },
		{ 1, "we b", 5, false },
		{ 1, "", 1, false },
		{ 1, "", 0, false },
		/* The class, and the leader. */
		{ 2, &container, 4, true },
		{ 2, &class_3, 4, false },
		{ 2, zero, 4, false },
		{ 2, &container, 3, false },
		{ 5, last_pid, 20, true },
		{ 5, no_pid, 20, false },
		{ 5, zero, 20, false },
		{ 5, last_pid, 16, false },
		/* The service. */
		{ 8, "lxc", 4, true },
		{ 8, "", 1, false },
		{ 8, "lxc", 3, false },
		{ 8, "l\0c", 4, false },
		/* Aliases. */
		{ 12, "www\0db", 7, true },
		{ 12, "www\0db", 6, false },
		{ 12, "www\0", 5, false },
		{ 12, "www\0d b", 8, false },
		{ 12, "", 0, false },
		/* The map of uids. */
		{ 13, uids, sizeof uids, true },
		{ 13, uids, sizeof uids - 1, false },
		{ 13, &nothing, sizeof nothing, false },
		{ 13, &wrapped, sizeof wrapped, false },
		/* Interfaces. */
		{ 15, interfaces, sizeof interfaces, true },
		{ 15, interfaces, sizeof interfaces - 1, false },
		/* Addresses, and claims. */
		{ 16, &good, sizeof good, true },
		{ 16, &good, sizeof good - 1, false },
		{ 16, &no_family, sizeof no_family, false },
		{ 16, &no_end, sizeof no_end, false },
		{ 21, &good, sizeof good, true },
		{ 21, &no_end, sizeof no_end, false },
		/* Signals, and the network of the host. */
		{ 18, signals, sizeof signals, true },
		{ 18, poweroff, sizeof poweroff, false },
		{ 18, reboot, sizeof reboot, false },
		{ 22, zero, 8, true },
		{ 22, zero, 12, false },
		/* The system: a root directory, an id, and three texts. */
		{ 25, no_system, 35, true },
		{ 25, no_system, 34, false },
		{ 25, no_system, 36, false },
	};
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = decode_field(rows[i].tag, rows[i].bytes, rows[i].size);

		if (r == (rows[i].is_good ? 0 : -EBADMSG))
			continue;
		fprintf(stderr, "# row %zu, tag %u: %d\n", i, rows[i].tag, r);
		wrong++;
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(a_field_that_is_longer_than_a_machine_can_have_is_refused)
{
	static const struct {
		uint16_t tag;
		size_t most; /* bytes, without the NUL of a string */
	} strings[] = {
		{ 1, MACHINE_NAME_MAX },  { 8, MACHINE_WORD_MAX },  { 9, MACHINE_WORD_MAX },
		{ 10, MACHINE_ROOT_MAX }, { 11, MACHINE_WORD_MAX }, { 17, MACHINE_CONTROL_MAX },
		{ 23, MACHINE_WORD_MAX },
	};
	static const struct {
		uint16_t tag;
		size_t most, item; /* items, and their size */
	} arrays[] = {
		{ 12, MACHINE_ALIASES_MAX, 2 },
		{ 20, MACHINE_ALIASES_MAX, 2 },
		{ 13, IDMAP_EXTENTS_MAX, sizeof(struct idmap_extent) },
		{ 14, IDMAP_EXTENTS_MAX, sizeof(struct idmap_extent) },
		{ 15, MACHINE_INTERFACES_MAX, sizeof(struct machine_interface) },
	};
	static char text[UINT16_MAX], names[UINT16_MAX];
	static struct idmap_extent extents[IDMAP_EXTENTS_MAX + 1];
	static struct machine_address as[MACHINE_ADDRESSES_MAX + 1];
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		size_t most = strings[i].most;

		memset(text, 'a', sizeof text);
		text[most] = '\0';
		wrong += decode_field(strings[i].tag, text, most + 1) != 0;
		text[most] = 'a';
		text[most + 1] = '\0';
		wrong += decode_field(strings[i].tag, text, most + 2) != -EBADMSG;
	}
	for (size_t i = 0; i < sizeof names; i += 2)
		names[i] = 'a';
	for (uint32_t i = 0; i <= IDMAP_EXTENTS_MAX; i++)
		extents[i] = (struct idmap_extent){ 2 * i, 100000 + 2 * i, 1 };
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		const void *items = arrays[i].item == 2 ? (const void *) names : extents;
		size_t size = arrays[i].most * arrays[i].item;

		wrong += decode_field(arrays[i].tag, items, size) != 0;
		wrong += decode_field(arrays[i].tag, items, size + arrays[i].item) != -EBADMSG;
	}
	for (size_t i = 0; i <= MACHINE_ADDRESSES_MAX; i++)
		as[i].family = AF_INET;
	for (uint16_t tag = 16; tag <= 21; tag += 5) {
		wrong += decode_field(tag, as, sizeof as - sizeof *as) != 0;
		wrong += decode_field(tag, as, sizeof as) != -EBADMSG;
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(a_record_lacks_neither_name_nor_class_nor_leader)
{
	static const size_t first = 10; /* behind the version and the sequence */
	size_t size, wrong = 0;
	uint8_t *bytes = encode(&least, &size), part[1024];
	struct machine m;

	for (size_t at = first, length; at < size; at += length) {
		uint16_t tag, content;

		memcpy(&tag, bytes + at, 2);
		memcpy(&content, bytes + at + 2, 2);
		length = 4u + content;
		memcpy(part, bytes, at);
		memcpy(part + at, bytes + at + length, size - at - length);
		wrong += record_decode(part, size - length, &m) !=
			 (tag == 1 || tag == 2 || tag == 5 ? -EBADMSG : 0);
	}
	ck_assert_uint_eq(wrong, 0);
	free(bytes);
}
END_TEST

/* Its length has 16 bits. */
START_TEST(a_field_of_64_KiB_is_not_encoded)
{
	static uint8_t bytes[4 << 16];
	static char names[(1 << 16) + 2];
	struct machine m = least;

	memset(names, 'a', sizeof names);
	m.next_names = names;
	m.next_names_size = UINT16_MAX;
	ck_assert_int_gt(record_encode(&m, bytes, sizeof bytes), UINT16_MAX);
	m.next_names_size = UINT16_MAX + 1;
	ck_assert_int_eq(record_encode(&m, bytes, sizeof bytes), -ENOSPC);
}
END_TEST

/* So that it is enough to check once, at the end. */
START_TEST(after_a_failure_nothing_is_read_or_written)
{
	uint8_t bytes[4] = { 1, 2, 3, 4 };
	struct wire_reader r = { .at = bytes, .end = bytes + sizeof bytes };
	struct wire_writer w = { .at = bytes, .end = bytes + sizeof bytes };

	ck_assert_ptr_eq(wire_take(&r, 1), bytes);
	ck_assert_ptr_null(wire_take(&r, 4));
	ck_assert_ptr_null(wire_take(&r, 1));
	ck_assert_uint_eq(wire_get_u16(&r), 0);
	ck_assert(r.failed);
	wire_put_u64(&w, 0);
	wire_put_u16(&w, 0);
	ck_assert(w.failed);
	ck_assert_mem_eq(bytes, ((uint8_t[]){ 1, 2, 3, 4 }), 4);
}
END_TEST

START_TEST(leaders_are_told_apart_by_what_is_known_of_both)
{
	static const struct machine_leader leader = { 5, 100, 7 };
	static const struct {
		struct machine_leader other;
		bool is_same;
	} rows[] = {
		{ { 5, 100, 7 }, true },  { { 5, 100, 8 }, false }, { { 5, 100, 0 }, true },
		{ { 6, 100, 7 }, false }, { { 5, 101, 7 }, false }, { { 5, 101, 0 }, false },
		{ { 6, 100, 0 }, false }, { { 5, 0, 7 }, true },    { { 5, 0, 8 }, false },
		{ { 6, 0, 7 }, false },	  { { 5, 0, 0 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(leader_equal(&leader, &rows[i].other), rows[i].is_same);
		ck_assert_int_eq(leader_equal(&rows[i].other, &leader), rows[i].is_same);
	}
}
END_TEST

START_TEST(aliases_are_walked)
{
	const char *alias = machine_next_alias(&full, NULL);

	ck_assert_str_eq(alias, "www");
	alias = machine_next_alias(&full, alias);
	ck_assert_str_eq(alias, "mail.example.com");
	ck_assert_ptr_null(machine_next_alias(&full, alias));
	ck_assert_ptr_null(machine_next_alias(&least, NULL));
}
END_TEST

START_TEST(classes_have_names)
{
	enum machine_class class = MACHINE_CONTAINER;

	ck_assert_str_eq(machine_class_name(MACHINE_CONTAINER), "container");
	ck_assert_str_eq(machine_class_name(MACHINE_VM), "vm");
	ck_assert_int_eq(machine_class_parse("vm", &class), 0);
	ck_assert_int_eq(class, MACHINE_VM);
	ck_assert_int_eq(machine_class_parse("container", &class), 0);
	ck_assert_int_eq(class, MACHINE_CONTAINER);
	ck_assert_int_eq(machine_class_parse("VM", &class), -EINVAL);
	ck_assert_int_eq(machine_class_parse("", &class), -EINVAL);
}
END_TEST

Suite *record_suite(void)
{
	Suite *suite = suite_create("record");

	ADD(suite, records_go_there_and_back);
	ADD(suite, a_record_of_the_most_of_everything_fits);
	ADD(suite, a_fact_that_is_not_known_takes_no_room);
	ADD(suite, addresses_are_counted_before_claims);
	ADD(suite, encoding_says_where_there_is_no_room);
	ADD(suite, a_record_has_no_more_addresses_than_it_can_hold);
	ADD(suite, a_given_address_is_told_from_seen_ones);
	ADD(suite, a_process_of_the_host_is_one_whose_namespaces_were_seen);
	ADD(suite, a_description_does_not_become_a_name);
	ADD(suite, cut_records_are_refused_or_whole);
	ADD(suite, damaged_records_do_no_harm);
	ADD(suite, fields_of_later_versions_are_carried_on);
	ADD(suite, a_field_with_what_a_machine_cannot_have_is_refused);
	ADD(suite, a_field_that_is_longer_than_a_machine_can_have_is_refused);
	ADD(suite, a_record_lacks_neither_name_nor_class_nor_leader);
	ADD(suite, a_field_of_64_KiB_is_not_encoded);
	ADD(suite, after_a_failure_nothing_is_read_or_written);
	ADD(suite, leaders_are_told_apart_by_what_is_known_of_both);
	ADD(suite, aliases_are_walked);
	ADD(suite, classes_have_names);
	return suite;
}
