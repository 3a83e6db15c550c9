/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/index.h"

#include "registry/id_index.h"

#include <errno.h>
#include <string.h>

static int put(struct snapshot *db, enum database database, const void *key, size_t key_size,
	       const void *value, size_t size, unsigned int flags)
{
	MDB_val k = value_of(key, key_size), v = value_of(value, size);

	return database_error(mdb_put(db->txn, db->databases[database], &k, &v, flags));
}

/* An address may stand in a record twice, on two interfaces: it may be gone already. */
static int drop(struct snapshot *db, enum database database, const void *key, size_t size)
{
	MDB_val k = value_of(key, size);
	int r = database_error(mdb_del(db->txn, db->databases[database], &k, NULL));

	return r == -ENOENT ? 0 : r;
}

static int add_aliases(struct snapshot *db, const struct machine *m, const char *folded)
{
	char value[1 + MACHINE_NAME_SIZE] = { NAME_IS_ALIAS };

	strcpy(value + 1, folded);
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));) {
		char key[MACHINE_NAME_SIZE];
		size_t length = machine_name_fold(alias, key);
		int r = put(db, DB_NAMES, key, length, value, strlen(folded) + 2, MDB_NOOVERWRITE);

		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_aliases(struct snapshot *db, const struct machine *m)
{
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));) {
		char key[MACHINE_NAME_SIZE];
		size_t length = machine_name_fold(alias, key);
		int r = drop(db, DB_NAMES, key, length);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_addresses(struct snapshot *db, const struct machine *m, const char *folded)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		uint8_t key[ADDRESS_KEY_SIZE];
		size_t size = address_key(key, m->addresses[i].family, m->addresses[i].bytes,
					  m->sequence);
		int r = put(db, DB_ADDRESSES, key, size, folded, strlen(folded) + 1, 0);

		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_addresses(struct snapshot *db, const struct machine *m)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		uint8_t key[ADDRESS_KEY_SIZE];
		size_t size = address_key(key, m->addresses[i].family, m->addresses[i].bytes,
					  m->sequence);
		int r = drop(db, DB_ADDRESSES, key, size);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_unit(struct snapshot *db, const struct machine *m, const char *folded)
{
	uint8_t key[UNIT_KEY_SIZE];

	if (!m->unit)
		return 0;
	return put(db, DB_UNITS, key, unit_key(key, m->unit, m->sequence), folded,
		   strlen(folded) + 1, 0);
}

static int remove_unit(struct snapshot *db, const struct machine *m)
{
	uint8_t key[UNIT_KEY_SIZE];

	return m->unit ? drop(db, DB_UNITS, key, unit_key(key, m->unit, m->sequence)) : 0;
}

static int add_leader(struct snapshot *db, const struct machine *m, const char *folded)
{
	uint32_t pid = htobe32(m->leader.pid);

	return put(db, DB_LEADERS, &pid, sizeof pid, folded, strlen(folded) + 1, 0);
}

static int remove_leader(struct snapshot *db, const struct machine *m)
{
	uint32_t pid = htobe32(m->leader.pid);

	return drop(db, DB_LEADERS, &pid, sizeof pid);
}

static int add_names(struct snapshot *db, const struct machine *m, const void *value, size_t size)
{
	char folded[MACHINE_NAME_SIZE];
	size_t length = machine_name_fold(m->name, folded);
	int r = put(db, DB_NAMES, folded, length, value, size, 0);

	if (r == 0)
		r = add_aliases(db, m, folded);
	if (r == 0)
		r = add_leader(db, m, folded);
	if (r == 0)
		r = add_addresses(db, m, folded);
	return r < 0 ? r : add_unit(db, m, folded);
}

static int remove_names(struct snapshot *db, const struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	size_t length = machine_name_fold(m->name, folded);
	int r = drop(db, DB_NAMES, folded, length);

	if (r == 0)
		r = remove_aliases(db, m);
	if (r == 0)
		r = remove_leader(db, m);
	if (r == 0)
		r = remove_addresses(db, m);
	return r < 0 ? r : remove_unit(db, m);
}

int index_add(struct snapshot *db, const struct machine *machine, const void *value, size_t size)
{
	int r = add_names(db, machine, value, size);

	if (r == 0)
		r = id_index_add(db, ID_UID, machine);
	return r < 0 ? r : id_index_add(db, ID_GID, machine);
}

int index_remove(struct snapshot *db, const struct machine *former)
{
	int r = remove_names(db, former);

	if (r == 0)
		r = id_index_remove(db, ID_UID, former);
	return r < 0 ? r : id_index_remove(db, ID_GID, former);
}

static bool same_map(const struct idmap *a, const struct idmap *b)
{
	return a->count == b->count &&
	       (a->count == 0 ||
		memcmp(a->extents, b->extents, a->count * sizeof *a->extents) == 0);
}

/* Owners carry the machine's sequence and name: a change of these concerns them, too. */
static bool same_owner(const struct machine *a, const struct machine *b)
{
	return a->sequence == b->sequence && strcmp(a->name, b->name) == 0;
}

static int replace_ids(struct snapshot *db, enum id_kind kind, const struct machine *former,
		       const struct machine *machine)
{
	int r;

	if (same_owner(former, machine) &&
	    (kind == ID_UID ? same_map(&former->uids, &machine->uids)
			    : same_map(&former->gids, &machine->gids)))
		return 0;
	r = id_index_remove(db, kind, former);
	return r < 0 ? r : id_index_add(db, kind, machine);
}

int index_replace(struct snapshot *db, const struct machine *former, const struct machine *machine,
		  const void *value, size_t size)
{
	int r = remove_names(db, former);

	if (r == 0)
		r = add_names(db, machine, value, size);
	if (r == 0)
		r = replace_ids(db, ID_UID, former, machine);
	return r < 0 ? r : replace_ids(db, ID_GID, former, machine);
}
