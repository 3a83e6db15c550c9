/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/record.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
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
	.service = "lxc",
	.unit = "machine-web1.scope",
	.root_directory = "/var/lib/machines/web1",
	.ssh_address = "root@10.0.0.2",
	.control = "/run/vm1.qmp",
	.poweroff_signal = 38,
	.reboot_signal = 2,
	.aliases = "www\0mail.example.com",
	.aliases_size = sizeof "www\0mail.example.com",
	.uids = { uids, 3 },
	.gids = { gids, 1 },
	.interfaces = interfaces,
	.n_interfaces = 2,
	.addresses = addresses,
	.n_addresses = 2,
};

static const struct machine least = { .name = "a", .class = MACHINE_VM, .leader = { 2, 0, 0 } };

static void assert_string(const char *a, const char *b)
{
	ck_assert_pstr_eq(a, b);
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
	ck_assert_uint_eq(a->realtime, b->realtime);
	ck_assert_uint_eq(a->monotonic, b->monotonic);
	ck_assert_uint_eq(a->vsock_cid, b->vsock_cid);
	assert_string(a->service, b->service);
	assert_string(a->unit, b->unit);
	assert_string(a->root_directory, b->root_directory);
	assert_string(a->ssh_address, b->ssh_address);
	assert_string(a->control, b->control);
	ck_assert_uint_eq(a->poweroff_signal, b->poweroff_signal);
	ck_assert_uint_eq(a->reboot_signal, b->reboot_signal);
	ck_assert_uint_eq(a->aliases_size, b->aliases_size);
	ck_assert_uint_eq(a->uids.count, b->uids.count);
	ck_assert_uint_eq(a->gids.count, b->gids.count);
	ck_assert_uint_eq(a->n_interfaces, b->n_interfaces);
	ck_assert_uint_eq(a->n_addresses, b->n_addresses);
	if (a->n_addresses)
		ck_assert_mem_eq(a->addresses, b->addresses, a->n_addresses * sizeof *a->addresses);
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
	m.service = m.unit = m.ssh_address = word;
	m.root_directory = root;
	m.control = word + MACHINE_WORD_MAX - MACHINE_CONTROL_MAX;
	m.aliases = aliases;
	m.aliases_size = sizeof aliases;
	m.uids = m.gids = (struct idmap){ extents, IDMAP_EXTENTS_MAX };
	m.interfaces = ifs;
	m.n_interfaces = MACHINE_INTERFACES_MAX;
	m.addresses = as;
	m.n_addresses = MACHINE_ADDRESSES_MAX;
	assert_round_trip(&m);
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
	const char *const strings[] = { m->name,	   m->service,	   m->unit,
					m->root_directory, m->ssh_address, m->control };
	size_t total = 0;

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		total += strings[i] ? strlen(strings[i]) : 0;
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		total += strlen(alias);
	for (size_t i = 0; i < m->n_addresses; i++)
		total += strlen(m->addresses[i].interface);
	return total;
}

/* What is decoded can be used: nothing points or runs out of the bytes. */
static bool decodes_safely(const uint8_t *bytes, size_t size)
{
	struct machine m = { .sequence = 7 };
	int r = record_decode(bytes, size, &m);

	if (r < 0)
		return r == -EBADMSG && m.sequence == 7 && !m.name;
	return total_length(&m) <= size && m.uids.count * sizeof *m.uids.extents <= size &&
	       (m.class == MACHINE_CONTAINER || m.class == MACHINE_VM);
}

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

START_TEST(fields_of_later_versions_are_passed_over)
{
	static const uint8_t unknown[] = { 0x99, 0x77, 3, 0, 'x', 'y', 'z' };
	uint8_t longer[1024];
	struct machine decoded;
	size_t size;
	uint8_t *bytes = encode(&full, &size);

	memcpy(longer, bytes, size);
	memcpy(longer + size, unknown, sizeof unknown);
	ck_assert_int_eq(record_decode(longer, size + sizeof unknown, &decoded), 0);
	assert_same(&full, &decoded);
	/* But not one that runs out of the record. */
	ck_assert_int_eq(record_decode(longer, size + sizeof unknown - 1, &decoded), -EBADMSG);
	/* Nor another version of the record. */
	longer[0]++;
	ck_assert_int_eq(record_decode(longer, size, &decoded), -EBADMSG);
	free(bytes);
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
	ck_assert_int_eq(machine_class_parse("VM", &class), -EINVAL);
	ck_assert_int_eq(machine_class_parse("", &class), -EINVAL);
}
END_TEST

Suite *record_suite(void)
{
	Suite *suite = suite_create("record");

	ADD(suite, records_go_there_and_back);
	ADD(suite, a_record_of_the_most_of_everything_fits);
	ADD(suite, encoding_says_where_there_is_no_room);
	ADD(suite, cut_records_are_refused_or_whole);
	ADD(suite, damaged_records_do_no_harm);
	ADD(suite, fields_of_later_versions_are_passed_over);
	ADD(suite, aliases_are_walked);
	ADD(suite, classes_have_names);
	return suite;
}
