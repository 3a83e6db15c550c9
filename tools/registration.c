/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registration.h"

#include "registry/cgroup.h"
#include "registry/database.h"
#include "registry/host_link.h"
#include "registry/process.h"
#include "tools/message.h"
#include "tools/signal_name.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* vsock(7): 0, 1 and 2 are the hypervisor, the loopback and the host. */
#define VSOCK_CID_MIN 3

static int refuse(const struct registration *reg, const char *what, const char *value,
		  const char *why)
{
	char quoted[QUOTED_SIZE];

	complain("%s: %s '%s' %s", reg->subject, what, quote(value, quoted), why);
	return -1;
}

static const char *host_name(void)
{
	static char name[HOST_NAME_MAX + 1];

	if (!*name && gethostname(name, sizeof name - 1) < 0)
		return NULL;
	return name;
}

int registration_set_name(struct registration *reg, const char *name)
{
	enum name_verdict verdict = machine_name_judge(name, host_name());
	char quoted[QUOTED_SIZE];

	if (verdict != NAME_OK) {
		complain("%s: '%s' can't be a machine's name: it %s", reg->subject,
			 quote(name, quoted), name_words(verdict));
		return -1;
	}
	reg->machine.name = arena_strdup(reg->arena, name);
	return 0;
}

int registration_set_leader(struct registration *reg, const char *pid)
{
	char *end;

	errno = 0;
	reg->leader = strtoll(pid, &end, 10);
	if (!strchr("-0123456789", *pid) || end == pid || *end || errno)
		return refuse(reg, "leader", pid, leader_words(LEADER_NO_PID));
	reg->has_leader = true;
	return 0;
}

int registration_set_class(struct registration *reg, const char *class)
{
	if (machine_class_parse(class, &reg->machine.class) < 0)
		return refuse(reg, "class", class, "is neither container nor vm");
	reg->said |= SAID_CLASS;
	return 0;
}

/* A word that goes into listings and files of lines: printable ASCII without blanks. */
static int set_word(struct registration *reg, const char *what, const char *word, unsigned int said,
		    const char **to)
{
	size_t length = strlen(word);

	if (length > MACHINE_WORD_MAX)
		return refuse(reg, what, word, "is longer than 255 bytes");
	for (size_t i = 0; i < length; i++)
		if (word[i] <= 0x20 || word[i] >= 0x7f)
			return refuse(reg, what, word, "has a blank, control or non-ASCII byte");
	*to = length ? arena_strdup(reg->arena, word) : NULL;
	reg->said |= said;
	return 0;
}

int registration_set_service(struct registration *reg, const char *service)
{
	return set_word(reg, "service", service, SAID_SERVICE, &reg->machine.service);
}

int registration_set_ssh_address(struct registration *reg, const char *address)
{
	return set_word(reg, "ssh address", address, SAID_SSH_ADDRESS, &reg->machine.ssh_address);
}

int registration_set_unit(struct registration *reg, const char *unit)
{
	if (*unit && !unit_name_is_valid(unit))
		return refuse(reg, "unit", unit, "is no name of a service or scope");
	return set_word(reg, "unit", unit, SAID_UNIT, &reg->machine.unit);
}

int registration_set_control(struct registration *reg, const char *path)
{
	if (*path && *path != '/')
		return refuse(reg, "control socket", path, "is no absolute path");
	if (strlen(path) > MACHINE_CONTROL_MAX)
		return refuse(reg, "control socket", path, "is longer than 107 bytes");
	return set_word(reg, "control socket", path, SAID_CONTROL, &reg->machine.control);
}

static int set_signal(struct registration *reg, const char *what, const char *text,
		      unsigned int said, uint32_t *to)
{
	int number = *text ? signal_parse(text) : 0;

	if (*text && !number)
		return refuse(reg, what, text, "is no signal");
	*to = (uint32_t) number;
	reg->said |= said;
	return 0;
}

int registration_set_poweroff_signal(struct registration *reg, const char *signal)
{
	return set_signal(reg, "poweroff signal", signal, SAID_POWEROFF_SIGNAL,
			  &reg->machine.poweroff_signal);
}

int registration_set_reboot_signal(struct registration *reg, const char *signal)
{
	return set_signal(reg, "reboot signal", signal, SAID_REBOOT_SIGNAL,
			  &reg->machine.reboot_signal);
}

int registration_set_root(struct registration *reg, const char *path)
{
	if (*path && *path != '/')
		return refuse(reg, "root directory", path, "is no absolute path");
	if (strlen(path) > MACHINE_ROOT_MAX)
		return refuse(reg, "root directory", path, "is longer than 4095 bytes");
	for (const char *p = path; *p; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			return refuse(reg, "root directory", path, "has a control byte");
	reg->machine.root_directory = *path ? arena_strdup(reg->arena, path) : NULL;
	reg->said |= SAID_ROOT;
	return 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdefABCDEF", *found = c ? strchr(digits, c) : NULL;
	long digit = found - digits;

	return !found ? -1 : (int) (digit < 16 ? digit : digit - 6);
}

/* 32 hexadecimal digits, as machine-id(5) has them, or the five groups of RFC 9562, section 4. */
static bool parse_uuid(const char *text, uint8_t id[static 16])
{
	bool has_dashes = strlen(text) == 36;

	for (size_t i = 0, at = 0; i < 16; i++) {
		int high, low;

		if (has_dashes && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
			return false;
		high = hex_digit(text[at]);
		low = high < 0 ? -1 : hex_digit(text[at + 1]);
		if (low < 0)
			return false;
		id[i] = (uint8_t) (high << 4 | low);
		at += 2;
	}
	return has_dashes || strlen(text) == 32;
}

int registration_set_id(struct registration *reg, const char *uuid)
{
	static const uint8_t none[16];

	reg->machine.has_id = *uuid;
	if (*uuid &&
	    (!parse_uuid(uuid, reg->machine.id) || memcmp(reg->machine.id, none, sizeof none) == 0))
		return refuse(reg, "id", uuid, "is no UUID");
	reg->said |= SAID_ID;
	return 0;
}

int registration_set_vsock_cid(struct registration *reg, const char *cid)
{
	reg->machine.vsock_cid = 0;
	if (*cid &&
	    (id_parse(cid, &reg->machine.vsock_cid) < 0 || reg->machine.vsock_cid < VSOCK_CID_MIN ||
	     reg->machine.vsock_cid == UINT32_MAX))
		return refuse(reg, "vsock CID", cid, "is no number from 3 to 4294967294");
	reg->said |= SAID_VSOCK_CID;
	return 0;
}

static bool has_alias(const struct machine *m, const char *wanted)
{
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		if (machine_names_equal(alias, wanted))
			return true;
	return false;
}

int registration_add_alias(struct registration *reg, const char *alias)
{
	struct machine *m = &reg->machine;
	size_t length = strlen(alias) + 1;
	enum name_verdict verdict;
	char *aliases;

	reg->said |= SAID_ALIASES;
	if (!*alias) {
		m->aliases_size = 0;
		return 0;
	}
	verdict = machine_name_judge(alias, host_name());
	if (verdict != NAME_OK)
		return refuse(reg, "alias", alias, name_words(verdict));
	if (has_alias(m, alias))
		return 0;
	if (machine_count_aliases(m) == MACHINE_ALIASES_MAX)
		return refuse(reg, "alias", alias, "is one too many: there may be 64");
	aliases = arena_alloc(reg->arena, m->aliases_size + length);
	if (m->aliases_size)
		memcpy(aliases, m->aliases, m->aliases_size);
	memcpy(aliases + m->aliases_size, alias, length);
	m->aliases = aliases;
	m->aliases_size += length;
	return 0;
}

/* The index of an interface by its name, or by itself. 0 if there is none. */
static uint32_t find_interface(const char *text)
{
	char name[IF_NAMESIZE];
	uint32_t index = if_nametoindex(text);

	if (index == 0 && id_parse(text, &index) == 0 && !if_indextoname(index, name))
		index = 0;
	return index;
}

int registration_add_interface(struct registration *reg, const char *text)
{
	struct machine *m = &reg->machine;
	struct machine_interface *items;
	uint32_t index;

	reg->said |= SAID_INTERFACES;
	if (!*text) {
		m->n_interfaces = 0;
		return 0;
	}
	index = find_interface(text);
	if (!index)
		return refuse(reg, "interface", text, "isn't there on the host");
	for (size_t i = 0; i < m->n_interfaces; i++)
		if (m->interfaces[i].index == index)
			return 0;
	if (m->n_interfaces == MACHINE_INTERFACES_MAX)
		return refuse(reg, "interface", text, "is one too many: there may be 256");
	items = arena_grow(reg->arena, (void *) m->interfaces, m->n_interfaces, sizeof *items);
	items[m->n_interfaces++] = (struct machine_interface){ .index = index, .given = 1 };
	m->interfaces = items;
	return 0;
}

/* The host's interface that an address with this zone is reached through. */
static int resolve_zone(struct registration *reg, const char *text, const char *zone,
			struct machine_address *address)
{
	uint32_t index = find_interface(zone);
	int stands_for = index ? host_interface_for(index) : -ENODEV;

	if (stands_for < 0)
		return refuse(reg, "address", text,
			      "has an interface that isn't there on the host");
	address->host_interface = (uint32_t) stands_for;
	return 0;
}

int registration_add_address(struct registration *reg, const char *text)
{
	struct machine *m = &reg->machine;
	struct machine_address *items, address;
	char zone[IF_NAMESIZE];
	int r;

	reg->said |= SAID_ADDRESSES;
	if (!*text) {
		m->n_addresses = 0;
		return 0;
	}
	r = address_parse(text, &address, zone);
	if (r < 0)
		return refuse(reg, "address", text,
			      r == -EADDRNOTAVAIL ? "can't be a machine's" : "is no IP address");
	if (*zone && resolve_zone(reg, text, zone, &address) < 0)
		return -1;
	address.flags = ADDRESS_GIVEN;
	for (size_t i = 0; i < m->n_addresses; i++)
		if (address_equal(&m->addresses[i], &address))
			return 0;
	if (m->n_addresses == MACHINE_ADDRESSES_MAX)
		return refuse(reg, "address", text, "is one too many: there may be 1024");
	items = arena_grow(reg->arena, (void *) m->addresses, m->n_addresses, sizeof *items);
	items[m->n_addresses++] = address;
	m->addresses = items;
	return 0;
}

static const char *idmap_words(int error)
{
	switch (error) {
	case -E2BIG: return "has more than 340 extents";
	case -EEXIST: return "has extents that overlap";
	case -ERANGE: return "runs past id 4294967295";
	default: return "isn't INNER:OUTER:COUNT, three numbers, the last above 0";
	}
}

static int add_extent(struct registration *reg, struct idmap *map, const char *what,
		      const char *text)
{
	struct idmap_extent extent, *items;
	int r;

	if (!*text) {
		map->count = 0;
		return 0;
	}
	r = idmap_extent_parse(text, &extent);
	if (r == 0)
		r = idmap_extent_check(&extent);
	if (r < 0)
		return refuse(reg, what, text, idmap_words(r));
	items = arena_grow(reg->arena, (void *) map->extents, map->count, sizeof *items);
	items[map->count++] = extent;
	map->extents = items;
	return 0;
}

int registration_add_uid_extent(struct registration *reg, const char *extent)
{
	reg->said |= SAID_UID_MAP;
	return add_extent(reg, &reg->machine.uids, "uid map extent", extent);
}

int registration_add_gid_extent(struct registration *reg, const char *extent)
{
	reg->said |= SAID_GID_MAP;
	return add_extent(reg, &reg->machine.gids, "gid map extent", extent);
}

/* fe80::1 says nothing without an interface; one interface alone must be the one. */
static int place_link_local(struct registration *reg)
{
	struct machine *m = &reg->machine;
	struct machine_address *addresses = (struct machine_address *) m->addresses;
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < m->n_addresses; i++) {
		int stands_for;

		if (!address_needs_interface(&addresses[i]) || addresses[i].host_interface)
			continue;
		address_format(&addresses[i], text);
		if (m->n_interfaces != 1)
			return refuse(reg, "address", text,
				      "is link-local: write it with %INTERFACE of the host's");
		stands_for = host_interface_for(m->interfaces[0].index);
		if (stands_for < 0)
			return refuse(reg, "address", text, error_words(stands_for));
		addresses[i].host_interface = (uint32_t) stands_for;
	}
	return 0;
}

static int check_map(const struct registration *reg, const char *what, const struct idmap *map)
{
	int r = idmap_check(map);

	if (r < 0)
		complain("%s: %s %s", reg->subject, what, idmap_words(r));
	return r < 0 ? -1 : 0;
}

int registration_check(struct registration *reg)
{
	if (!reg->machine.name) {
		complain("%s: a name is missing", reg->subject);
		return -1;
	}
	if (!reg->has_leader) {
		complain("%s: the leader is missing; say --leader=PID", reg->subject);
		return -1;
	}
	if (has_alias(&reg->machine, reg->machine.name))
		return refuse(reg, "alias", reg->machine.name, "is the machine's own name");
	if (check_map(reg, "uid map", &reg->machine.uids) < 0 ||
	    check_map(reg, "gid map", &reg->machine.gids) < 0)
		return -1;
	return place_link_local(reg);
}
