/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes of the registry: whatever decodes can be walked, and encodes to what decodes the same. */
#include "registry/database.h"
#include "registry/record.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void touch_string(const char *string)
{
	if (string && strlen(string) > RECORD_SIZE_MAX)
		abort();
}

static void touch(const struct machine *m)
{
	uint32_t id;

	touch_string(m->name);
	touch_string(m->service);
	touch_string(m->unit);
	touch_string(m->root_directory);
	touch_string(m->ssh_address);
	touch_string(m->ssh_key);
	touch_string(m->control_address);
	touch_string(m->description);
	touch_string(m->control);
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		touch_string(alias);
	for (size_t i = 0; i < m->n_addresses; i++) {
		char text[ADDRESS_TEXT_SIZE];

		touch_string(address_format(&m->addresses[i], text));
		touch_string(m->addresses[i].interface);
	}
	idmap_to_inner(&m->uids, 100000, &id);
	idmap_to_outer(&m->gids, 33, &id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[RECORD_SIZE_MAX];
	struct machine m, again;
	struct id_owner owner;
	struct value key, value;
	int encoded;

	if (record_decode(data, size, &m) == 0) {
		touch(&m);
		encoded = record_encode(&m, bytes, sizeof bytes);
		if (encoded < 0 || record_decode(bytes, (size_t) encoded, &again) < 0 ||
		    strcmp(m.name, again.name) != 0 || m.n_addresses != again.n_addresses)
			abort();
	}
	key = (struct value){ data, size < 4 ? size : 4 };
	value = (struct value){ data + key.size, size - key.size };
	if (id_owner_decode(key, value, &owner) == 0)
		touch_string(owner.name);
	return 0;
}
