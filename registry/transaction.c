/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/transaction.h"

#include "registry/name_value.h"

#include <errno.h>
#include <string.h>

/* Reserves address space only; far larger than any registry. */
#define MAP_SIZE (sizeof(void *) > 4 ? (size_t) 1 << 32 : (size_t) 1 << 28)

static int errno_of(int lmdb_code)
{
	switch (lmdb_code) {
	case MDB_SUCCESS: return 0;
	case MDB_NOTFOUND: return -ENOENT;
	case MDB_KEYEXIST: return -EEXIST;
	case MDB_MAP_FULL: return -ENOSPC;
	case MDB_TXN_FULL: return -E2BIG;
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_VERSION_MISMATCH: return -EUCLEAN;
	default: return lmdb_code > 0 ? -lmdb_code : -EIO;
	}
}

static MDB_val to_lmdb(struct value value)
{
	return (MDB_val){ .mv_size = value.size, .mv_data = (void *) value.bytes };
}

static struct value from_lmdb(const MDB_val *value)
{
	return (struct value){ value->mv_data, value->mv_size };
}

static int open_databases(struct transaction *t)
{
	for (enum database database = 0; database < DB_COUNT; database++) {
		int r = errno_of(mdb_dbi_open(t->txn, database_name(database), MDB_CREATE,
					      &t->databases[database]));

		if (r < 0)
			return r;
	}
	return 0;
}

int transaction_begin(struct transaction *t, const char *path)
{
	/* The file is private until it is renamed: LMDB needs neither locks nor syncs. */
	const unsigned int flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | MDB_NOMETASYNC;
	int r;

	*t = (struct transaction){ 0 };
	r = errno_of(mdb_env_create(&t->env));
	if (r < 0)
		return r;
	r = errno_of(mdb_env_set_maxdbs(t->env, DB_COUNT));
	if (r == 0)
		r = errno_of(mdb_env_set_mapsize(t->env, MAP_SIZE));
	if (r == 0)
		r = errno_of(mdb_env_open(t->env, path, flags, 0600));
	if (r == 0)
		r = errno_of(mdb_txn_begin(t->env, NULL, 0, &t->txn));
	if (r == 0)
		r = open_databases(t);
	if (r < 0)
		transaction_abort(t);
	return r;
}

int transaction_commit(struct transaction *t, uint64_t *pages_size)
{
	MDB_envinfo info;
	MDB_stat stat;
	int r = errno_of(mdb_txn_commit(t->txn));

	t->txn = NULL;
	if (r == 0) {
		mdb_env_info(t->env, &info);
		mdb_env_stat(t->env, &stat);
		*pages_size = ((uint64_t) info.me_last_pgno + 1) * stat.ms_psize;
	}
	transaction_abort(t);
	return r;
}

void transaction_abort(struct transaction *t)
{
	if (t->txn)
		mdb_txn_abort(t->txn);
	if (t->env)
		mdb_env_close(t->env);
	*t = (struct transaction){ 0 };
}

int transaction_get(struct transaction *t, enum database database, struct value key,
		    struct value *value)
{
	MDB_val k = to_lmdb(key), v;
	int r = errno_of(mdb_get(t->txn, t->databases[database], &k, &v));

	if (r == 0)
		*value = from_lmdb(&v);
	return r;
}

int transaction_seek(struct transaction *t, enum database database, struct value *key,
		     struct value *value)
{
	MDB_val k = to_lmdb(*key), v;
	MDB_cursor *cursor;
	int r = errno_of(mdb_cursor_open(t->txn, t->databases[database], &cursor));

	if (r < 0)
		return r;
	r = errno_of(mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE));
	mdb_cursor_close(cursor);
	if (r < 0)
		return r;
	*key = from_lmdb(&k);
	*value = from_lmdb(&v);
	return 0;
}

int transaction_put(struct transaction *t, enum database database, struct value key,
		    struct value value)
{
	MDB_val k = to_lmdb(key), v = to_lmdb(value);

	return errno_of(mdb_put(t->txn, t->databases[database], &k, &v, 0));
}

int transaction_add(struct transaction *t, enum database database, struct value key,
		    struct value value)
{
	MDB_val k = to_lmdb(key), v = to_lmdb(value);

	return errno_of(mdb_put(t->txn, t->databases[database], &k, &v, MDB_NOOVERWRITE));
}

int transaction_delete(struct transaction *t, enum database database, struct value key)
{
	MDB_val k = to_lmdb(key);

	return errno_of(mdb_del(t->txn, t->databases[database], &k, NULL));
}

int transaction_find_name(struct transaction *t, const char *folded, struct machine *machine)
{
	struct value value;
	int r = transaction_get(t, DB_NAMES, (struct value){ folded, strlen(folded) }, &value);

	if (r == 0 && name_value_is(value, NAME_IS_ALIAS)) {
		const char *name = name_value_string(value, 1);

		if (!name)
			return -EUCLEAN;
		r = transaction_get(t, DB_NAMES, (struct value){ name, strlen(name) }, &value);
	}
	return r < 0 ? r : name_value_decode(value, machine);
}

int transaction_find_named(struct transaction *t, struct value value, struct machine *machine)
{
	const char *name = name_value_string(value, 0);
	int r = name ? transaction_find_name(t, name, machine) : -EUCLEAN;

	return r == -ENOENT ? -EUCLEAN : r;
}

int transaction_find_leader(struct transaction *t, uint32_t pid, struct machine *machine)
{
	uint32_t key = htobe32(pid);
	struct value value;
	int r = transaction_get(t, DB_LEADERS, (struct value){ &key, sizeof key }, &value);

	return r < 0 ? r : transaction_find_named(t, value, machine);
}
