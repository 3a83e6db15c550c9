/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/snapshot.h"

#include "registry/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* More than this many publications within one open: something is badly wrong. */
#define OPEN_TRIES 100

/* LMDB raises the map's size to what the file uses: with so small a wish, to just that. */
#define SMALLEST_MAP 4096

static int env_open(MDB_env **env, const char *path)
{
	int r = database_error(mdb_env_create(env));

	if (r < 0) {
		*env = NULL;
		return r;
	}
	r = database_error(mdb_env_set_maxdbs(*env, DB_COUNT));
	if (r == 0)
		r = database_error(mdb_env_set_mapsize(*env, SMALLEST_MAP));
	if (r == 0)
		r = database_error(mdb_env_open(
			*env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR | MDB_NOTLS, 0));
	if (r < 0) {
		mdb_env_close(*env);
		*env = NULL;
	}
	return r;
}

/* What no system call returns: by then, another snapshot had the name. */
#define REPLACED 1

/* LMDB opened the path once more: is it still the file that was judged? Or REPLACED. */
static int env_check(MDB_env *env, const struct snapshot *s)
{
	struct registry_identity opened;
	MDB_envinfo info;
	MDB_stat stat;
	int fd, r;

	r = database_error(mdb_env_get_fd(env, &fd));
	if (r < 0)
		return r;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	r = registry_fstat(fd, &opened);
	if (r < 0)
		return r;
	if (!registry_identity_equal(&opened, &s->identity))
		return REPLACED;
	mdb_env_info(env, &info);
	mdb_env_stat(env, &stat);
	return (info.me_last_pgno + 1) * stat.ms_psize <= s->meta.pages_size ? 0 : -EUCLEAN;
}

static int try_open(struct snapshot *s, const char *path)
{
	int r = registry_read_meta(path, &s->meta, &s->identity, NULL);

	if (r < 0)
		return r;
	r = env_open(&s->env, path);
	if (r < 0)
		return r;
	r = env_check(s->env, s);
	if (r == 0)
		r = database_error(mdb_txn_begin(s->env, NULL, MDB_RDONLY, &s->txn));
	return r;
}

int snapshot_open(struct snapshot *snapshot, const char *path)
{
	int r = REPLACED;

	for (int i = 0; i < OPEN_TRIES && r == REPLACED; i++) {
		*snapshot = (struct snapshot){ 0 };
		r = try_open(snapshot, path);
		if (r != 0)
			snapshot_close(snapshot);
	}
	return r == REPLACED ? -EAGAIN : r;
}

void snapshot_close(struct snapshot *snapshot)
{
	if (snapshot->txn)
		mdb_txn_abort(snapshot->txn);
	if (snapshot->env)
		mdb_env_close(snapshot->env);
	*snapshot = (struct snapshot){ 0 };
}

int snapshot_database(struct snapshot *s, enum database database, MDB_dbi *dbi)
{
	if (!s->databases[database]) {
		int r = database_error(mdb_dbi_open(s->txn, database_name(database), 0, dbi));

		if (r < 0)
			return r;
		s->databases[database] = *dbi;
	}
	*dbi = s->databases[database];
	return 0;
}

static int get(struct snapshot *s, enum database database, const void *key, size_t size,
	       MDB_val *value)
{
	MDB_val k = value_of(key, size);
	MDB_dbi dbi;
	int r = snapshot_database(s, database, &dbi);

	return r < 0 ? r : database_error(mdb_get(s->txn, dbi, &k, value));
}

/* The first entry whose key isn't below `key`, which becomes that entry's. */
static int seek(struct snapshot *s, enum database database, MDB_val *key, MDB_val *value)
{
	MDB_cursor *cursor;
	MDB_dbi dbi;
	int r = snapshot_database(s, database, &dbi);

	if (r == 0)
		r = database_error(mdb_cursor_open(s->txn, dbi, &cursor));
	if (r < 0)
		return r;
	r = database_error(mdb_cursor_get(cursor, key, value, MDB_SET_RANGE));
	mdb_cursor_close(cursor);
	return r;
}

static bool is_kind(const MDB_val *value, enum name_kind kind)
{
	return value->mv_size > 0 && *(const char *) value->mv_data == (char) kind;
}

/* A folded name as a value has it: with its NUL. */
static const char *name_value(const MDB_val *value, size_t skip)
{
	const char *name = (const char *) value->mv_data + skip;
	size_t size = value->mv_size - skip;

	return size > 1 && size <= MACHINE_NAME_SIZE && name[size - 1] == '\0' ? name : NULL;
}

static int decode(const MDB_val *value, struct machine *machine)
{
	if (!is_kind(value, NAME_IS_RECORD) ||
	    record_decode((const char *) value->mv_data + 1, value->mv_size - 1, machine) < 0)
		return -EUCLEAN;
	return 0;
}

int snapshot_find_name(struct snapshot *s, const char *folded, struct machine *machine)
{
	MDB_val value;
	int r = get(s, DB_NAMES, folded, strlen(folded), &value);

	if (r == 0 && is_kind(&value, NAME_IS_ALIAS)) {
		const char *name = name_value(&value, 1);

		if (!name)
			return -EUCLEAN;
		r = get(s, DB_NAMES, name, strlen(name), &value);
	}
	return r < 0 ? r : decode(&value, machine);
}

int snapshot_find_named(struct snapshot *s, const MDB_val *value, struct machine *machine)
{
	const char *name = name_value(value, 0);
	int r = name ? snapshot_find_name(s, name, machine) : -EUCLEAN;

	return r == -ENOENT ? -EUCLEAN : r;
}

/* The first entry with this prefix and, after it, a sequence above the one that the key has. */
static int find_sequenced(struct snapshot *s, enum database database, const uint8_t *key,
			  size_t size, struct machine *machine)
{
	MDB_val found = value_of(key, size), value;
	int r = seek(s, database, &found, &value);

	if (r < 0)
		return r;
	if (found.mv_size != size || memcmp(found.mv_data, key, size - sizeof(uint64_t)) != 0)
		return -ENOENT;
	return snapshot_find_named(s, &value, machine);
}

int snapshot_find_address(struct snapshot *s, int family, const uint8_t *bytes, uint64_t sequence,
			  struct machine *machine)
{
	uint8_t key[ADDRESS_KEY_SIZE];
	size_t size = address_key(key, family, bytes, sequence + 1);

	return find_sequenced(s, DB_ADDRESSES, key, size, machine);
}

bool snapshot_is_up(const struct snapshot *s, const struct machine *machine)
{
	return !leader_is_gone(&machine->leader, &s->meta.origin);
}

/* Whether this interface of the host's is on the way to the address, or it needs none. */
static bool is_reached_by(const struct machine *m, int family, const uint8_t *bytes,
			  uint32_t interface)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *a = &m->addresses[i];

		if (a->family == family && memcmp(a->bytes, bytes, address_length(family)) == 0 &&
		    (!address_needs_interface(a) || a->host_interface == interface))
			return true;
	}
	return false;
}

int snapshot_find_host(struct snapshot *s, int family, const uint8_t *bytes, uint32_t interface,
		       struct machine *machine)
{
	uint64_t sequence = 0;
	int r;

	while ((r = snapshot_find_address(s, family, bytes, sequence, machine)) == 0) {
		if ((!interface || is_reached_by(machine, family, bytes, interface)) &&
		    snapshot_is_up(s, machine))
			return 0;
		sequence = machine->sequence;
	}
	return r;
}

int snapshot_find_unit(struct snapshot *s, const char *unit, uint64_t sequence,
		       struct machine *machine)
{
	uint8_t key[UNIT_KEY_SIZE];

	if (strlen(unit) > MACHINE_WORD_MAX)
		return -ENOENT;
	return find_sequenced(s, DB_UNITS, key, unit_key(key, unit, sequence + 1), machine);
}

int snapshot_find_leader(struct snapshot *s, uint32_t pid, struct machine *machine)
{
	uint32_t key = htobe32(pid);
	MDB_val value;
	int r = get(s, DB_LEADERS, &key, sizeof key, &value);

	return r < 0 ? r : snapshot_find_named(s, &value, machine);
}

static void range_owned(const struct id_owner *owner, struct id_range *range)
{
	range->first = owner->first;
	range->last = owner->last;
	range->inner = owner->inner;
	strcpy(range->name, owner->name);
}

/* Nobody's ids reach from the owner before to the one after. */
static int range_free(MDB_cursor *cursor, bool at_end, const struct id_owner *after,
		      struct id_range *range)
{
	struct id_owner before;
	MDB_val key, value;
	int r = database_error(mdb_cursor_get(cursor, &key, &value, at_end ? MDB_LAST : MDB_PREV));

	*range = (struct id_range){ .first = 0, .last = at_end ? UINT32_MAX : after->first - 1 };
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = id_owner_decode(&key, &value, &before);
	if (r == 0)
		range->first = before.last + 1;
	return r;
}

static int find_range(MDB_cursor *cursor, uint32_t id, struct id_range *range)
{
	uint32_t wanted = htobe32(id);
	MDB_val key = value_of(&wanted, sizeof wanted), value;
	struct id_owner owner;
	int r = database_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));

	if (r == -ENOENT)
		return range_free(cursor, true, NULL, range);
	if (r == 0)
		r = id_owner_decode(&key, &value, &owner);
	if (r < 0)
		return r;
	if (owner.first > id)
		return range_free(cursor, false, &owner, range);
	range_owned(&owner, range);
	return 0;
}

int snapshot_find_id(struct snapshot *s, enum id_kind kind, uint32_t id, struct id_range *range)
{
	MDB_cursor *cursor;
	MDB_dbi dbi;
	int r = snapshot_database(s, kind == ID_UID ? DB_UIDS : DB_GIDS, &dbi);

	if (r == 0)
		r = database_error(mdb_cursor_open(s->txn, dbi, &cursor));
	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	r = find_range(cursor, id, range);
	mdb_cursor_close(cursor);
	return r;
}

int snapshot_next(struct snapshot *s, char folded[static MACHINE_NAME_SIZE],
		  struct machine *machine)
{
	for (;;) {
		/* No name has a byte below "-": the next one isn't below this one and a 1. */
		char after[MACHINE_NAME_SIZE + 1];
		size_t length = strlen(folded);
		MDB_val key = value_of(after, length + 1), value;
		int r;

		memcpy(after, folded, length);
		after[length] = 1;
		r = seek(s, DB_NAMES, &key, &value);
		if (r < 0)
			return r;
		if (key.mv_size > MACHINE_NAME_MAX)
			return -EUCLEAN;
		memcpy(folded, key.mv_data, key.mv_size);
		folded[key.mv_size] = '\0';
		if (!is_kind(&value, NAME_IS_ALIAS))
			return decode(&value, machine);
	}
}
