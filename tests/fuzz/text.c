/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of users and of /proc. */
#include "base/format.h"
#include "base/quote.h"
#include "host/cgroup.h"
#include "host/host_link.h"
#include "host/leases.h"
#include "host/process.h"
#include "registry/address.h"
#include "registry/idmap.h"
#include "registry/name.h"
#include "registry/process_stat.h"
#include "tests/fuzz/fuzz.h"
#include "tools/messages/message.h"

#include <stdlib.h>
#include <string.h>

static void names(const char *text)
{
	char folded[MACHINE_NAME_SIZE], name[MACHINE_NAME_SIZE], user[MACHINE_USER_NAME_SIZE];
	uint32_t inner;

	/* A valid name can be looked up. */
	if (machine_name_judge(text, "host.example") == NAME_OK &&
	    machine_name_fold(text, folded) != strlen(text))
		abort();
	if (user_name_parse(text, "vu-", name, &inner) == 0) {
		user_name_format(user, "vu-", name, inner);
		if (strcmp(user, text) != 0)
			abort();
	}
}

static void addresses(const char *text)
{
	char formatted[ADDRESS_TEXT_SIZE], zone[IF_NAMESIZE];
	struct machine_address address, again;

	if (address_parse(text, &address, zone) < 0)
		return;
	address_format(&address, formatted);
	if (address_parse(formatted, &again, zone) < 0 ||
	    memcmp(&address, &again, sizeof address) != 0)
		abort();
}

static void leases(const char *text)
{
	struct hardware_address hardware;
	struct arena arena = { 0 };
	struct leases found = { 0 };

	hardware_address_parse(text, &hardware);
	leases_parse_libvirt(&found, &arena, text);
	leases_parse_dnsmasq(&found, &arena, arena_strdup(&arena, text));
	for (size_t i = 0; i < found.count; i++)
		lease_has_expired(&found.items[i]);
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct idmap_extent extents[16], extent;
	struct process_stat stat;
	char unit[UNIT_NAME_SIZE], quoted[QUOTED_SIZE];
	char *text = malloc(size + 1), *escaped = malloc(ESCAPED_SIZE(size + 1));
	int n;

	memcpy(text, data, size);
	text[size] = '\0';
	names(text);
	addresses(text);
	leases(text);
	idmap_extent_parse(text, &extent);
	n = idmap_parse(text, extents, 16);
	if (n >= 0)
		idmap_check(&(struct idmap){ extents, (size_t) n });
	process_stat_parse(text, &stat);
	if (cgroup_unit(text, "/a", unit) == 0 && !unit_name_is_valid(unit))
		abort();
	escape(text, escaped);
	quote(text, quoted);
	free(escaped);
	free(text);
	return 0;
}
