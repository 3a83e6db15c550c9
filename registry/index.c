/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/index.h"

#include "registry/address_index.h"
#include "registry/id_index.h"

#include <errno.h>
#include <string.h>

static struct value folded_value(const char *folded)
{
	return (struct value){ folded, strlen(folded) + 1 };
}

static int delete_entry(struct transaction *t, enum database database, struct value key)
{
	int r = transaction_delete(t, database, key);

	return r == -ENOENT ? 0 : r;
}

static int add_aliases(struct transaction *t, const struct machine *m, const char *folded)
{
	char value[1 + MACHINE_NAME_SIZE] = { NAME_IS_ALIAS };

	strcpy(value + 1, folded);
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));) {
		char key[MACHINE_NAME_SIZE];
		size_t length = machine_name_fold(alias, key);
		int r = transaction_add(t, DB_NAMES, (struct value){ key, length },
					(struct value){ value, strlen(folded) + 2 });

		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_aliases(struct transaction *t, const struct machine *m)
{
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));) {
		char key[MACHINE_NAME_SIZE];
		size_t length = machine_name_fold(alias, key);
		int r = delete_entry(t, DB_NAMES, (struct value){ key, length });

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_unit(struct transaction *t, const struct machine *m, const char *folded)
{
	uint8_t key[UNIT_KEY_SIZE];

	if (!m->unit)
		return 0;
	return transaction_put(t, DB_UNITS,
			       (struct value){ key, unit_key(key, m->unit, m->sequence) },
			       folded_value(folded));
}

static int remove_unit(struct transaction *t, const struct machine *m)
{
	uint8_t key[UNIT_KEY_SIZE];

	if (!m->unit)
		return 0;
	return delete_entry(t, DB_UNITS,
			    (struct value){ key, unit_key(key, m->unit, m->sequence) });
}

static int add_leader(struct transaction *t, const struct machine *m, const char *folded)
{
	uint32_t pid = htobe32(m->leader.pid);

	return transaction_put(t, DB_LEADERS, (struct value){ &pid, sizeof pid },
			       folded_value(folded));
}

static int remove_leader(struct transaction *t, const struct machine *m)
{
	uint32_t pid = htobe32(m->leader.pid);

	return delete_entry(t, DB_LEADERS, (struct value){ &pid, sizeof pid });
}

static int add_names(struct transaction *t, const struct machine *m, struct value record)
{
	char folded[MACHINE_NAME_SIZE];
	size_t length = machine_name_fold(m->name, folded);
	int r = transaction_put(t, DB_NAMES, (struct value){ folded, length }, record);

	if (r == 0)
		r = add_aliases(t, m, folded);
	if (r == 0)
		r = add_leader(t, m, folded);
	if (r == 0)
		r = address_index_add(t, m, folded);
	return r < 0 ? r : add_unit(t, m, folded);
}

static int remove_names(struct transaction *t, const struct machine *m)
{
	char folded[MACHINE_NAME_SIZE];
	size_t length = machine_name_fold(m->name, folded);
	int r = delete_entry(t, DB_NAMES, (struct value){ folded, length });

	if (r == 0)
		r = remove_aliases(t, m);
	if (r == 0)
		r = remove_leader(t, m);
	if (r == 0)
		r = address_index_remove(t, m);
	return r < 0 ? r : remove_unit(t, m);
}

int index_add(struct transaction *t, const struct machine *machine, struct value record)
{
	int r = add_names(t, machine, record);

	if (r == 0)
		r = id_index_add(t, ID_UID, machine);
	return r < 0 ? r : id_index_add(t, ID_GID, machine);
}

int index_remove(struct transaction *t, const struct machine *former)
{
	int r = remove_names(t, former);

	if (r == 0)
		r = id_index_remove(t, ID_UID, former);
	return r < 0 ? r : id_index_remove(t, ID_GID, former);
}

bool index_has_same_ids(const struct machine *a, const struct machine *b)
{
	/* The ids' entries have the machine's sequence and name, too. */
	return a->sequence == b->sequence && strcmp(a->name, b->name) == 0 &&
	       idmap_equal(&a->uids, &b->uids) && idmap_equal(&a->gids, &b->gids);
}

static int replace_ids(struct transaction *t, enum id_kind kind, const struct machine *former,
		       const struct machine *machine)
{
	int r = id_index_remove(t, kind, former);

	return r < 0 ? r : id_index_add(t, kind, machine);
}

int index_replace(struct transaction *t, const struct machine *former,
		  const struct machine *machine, struct value record)
{
	int r = remove_names(t, former);

	if (r == 0)
		r = add_names(t, machine, record);
	if (r < 0 || index_has_same_ids(former, machine))
		return r;
	r = replace_ids(t, ID_UID, former, machine);
	return r < 0 ? r : replace_ids(t, ID_GID, former, machine);
}
