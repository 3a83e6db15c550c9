/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss-mymachines/host_lookup.h"

#include "registry/leader_state.h"

#include <errno.h>

static int check_alive(const struct host_lookup *l, const struct pid_context *context)
{
	int alive = machine_may_be_alive(&l->machine, context);

	return alive > 0 ? 0 : alive == 0 ? -ENOENT : alive;
}

/* Whether the memo has it. Then `*r` is the answer. */
static bool recall_host(struct host_lookup *l, const struct registry_identity *now,
			const struct host_key *key, int *r)
{
	const struct value *record = &l->remembered.record;

	if (!memo_find_host(now, key, &l->remembered) ||
	    record_decode(record->bytes, record->size, &l->machine) < 0)
		return false;
	*r = check_alive(l, &l->remembered.context);
	return true;
}

/* The machine was found and is alive. */
static void remember_host(struct host_lookup *l, const struct host_key *key)
{
	l->length -= snapshot_room_used(&l->snapshot);
	memo_add_host(&l->snapshot, key, l->snapshot.record);
}

static int read_name(struct host_lookup *l, const char *folded, size_t length)
{
	int r;

	memo_learn_names(&l->snapshot);
	if (memo_lacks_name(&l->snapshot.identity, folded, length))
		return -ENOENT;
	r = snapshot_find_name(&l->snapshot, folded, &l->machine);
	return r < 0 ? r : check_alive(l, &l->snapshot.meta.context);
}

int host_lookup_name(struct host_lookup *l, const char *name, char *buffer, size_t length)
{
	char folded[MACHINE_NAME_SIZE];
	const size_t name_length = machine_name_fold(name, folded);
	struct registry_identity now;
	struct host_key key;
	int r;

	if (name_length == 0)
		return -ENOENT;
	r = registry_stat(REGISTRY_PATH, &now);
	if (r < 0)
		return r;
	if (memo_lacks_name(&now, folded, name_length))
		return -ENOENT;
	l->length = length;
	key = host_key_of_name(folded, name_length);
	if (recall_host(l, &now, &key, &r))
		return r;
	r = memo_open_registry(&l->snapshot, (uint8_t *) buffer, length);
	if (r < 0)
		return r;
	r = read_name(l, folded, name_length);
	if (r == 0)
		remember_host(l, &key);
	snapshot_close(&l->snapshot);
	return r;
}

int host_lookup_address(struct host_lookup *l, int family, const uint8_t *bytes, char *buffer,
			size_t length)
{
	const struct host_key key = host_key_of_address(family, bytes);
	struct registry_identity now;
	int r = registry_stat(REGISTRY_PATH, &now);

	if (r < 0)
		return r;
	l->length = length;
	/* If this one has died, another machine may have the address, too. */
	if (recall_host(l, &now, &key, &r) && r != -ENOENT)
		return r;
	r = memo_open_registry(&l->snapshot, (uint8_t *) buffer, length);
	if (r < 0)
		return r;
	r = snapshot_find_host(&l->snapshot, family, bytes, 0, &l->machine);
	if (r == 0)
		remember_host(l, &key);
	snapshot_close(&l->snapshot);
	return r;
}
