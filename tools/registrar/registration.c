/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/registration.h"

#include "base/cleanup.h"
#include "base/configuration.h"
#include "base/number.h"
#include "base/quote.h"
#include "base/signal_name.h"
#include "host/cgroup.h"
#include "host/host_link.h"
#include "host/process.h"
#include "registry/words.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* vsock(7): the ids 0, 1 and 2 are the hypervisor, the loopback and the host. */
#define VSOCK_CID_MIN 3

static int refuse_value(struct failure *f, const char *what, const char *value, const char *why)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_INVALID, "%s '%s' %s", what, quote(value, quoted), why);
}

static const char *host_name(void)
{
	static char name[HOST_NAME_MAX + 1];

	if (!*name && gethostname(name, sizeof name - 1) < 0)
		return NULL;
	return name;
}

/* A runtime's names may come from whoever makes an image: none looks like a name of the network. */
static enum name_verdict judge_name(const struct registration *reg, const char *name)
{
	enum name_verdict verdict = machine_name_judge(name, host_name());

	if (verdict == NAME_OK && reg->is_hooked && strchr(name, '.') &&
	    !machine_name_is_in(name, configuration_read(NULL)->domains))
		verdict = NAME_DOTTED;
	return verdict;
}

int registration_set_name(struct registration *reg, const char *name, struct failure *f)
{
	enum name_verdict verdict = judge_name(reg, name);
	char quoted[QUOTED_SIZE];

	if (verdict != NAME_OK)
		return failure_set(f, FAILURE_INVALID, "'%s' can't be a machine's name: it %s",
				   quote(name, quoted), name_verdict_words(verdict));
	reg->machine.name = arena_strdup(reg->arena, name);
	return 0;
}

static int parse_pid(const char *what, const char *text, int64_t *pid, struct failure *f)
{
	char *end;

	errno = 0;
	*pid = strtoll(text, &end, 10);
	return !strchr("-0123456789", *text) || end == text || *end || errno
		       ? refuse_value(f, what, text, leader_verdict_words(LEADER_NO_PID, 0))
		       : 0;
}

int registration_set_leader(struct registration *reg, const char *pid, struct failure *f)
{
	if (parse_pid("leader", pid, &reg->leader, f) < 0)
		return -1;
	reg->has_leader = true;
	return 0;
}

static int set_supervisor(struct registration *reg, int64_t pid,
			  const struct machine_leader *expected, struct failure *f)
{
	struct machine_leader found;
	CLEANUP_CLOSE int pidfd = -1;
	int error = 0;
	enum leader_verdict verdict = process_inspect(pid, &found, &pidfd, &error);

	if (verdict == LEADER_OK && !leader_is_expected(&found, expected))
		verdict = LEADER_ABSENT;
	if (verdict != LEADER_OK)
		return failure_set(f, FAILURE_NO_PROCESS, "supervisor %" PRId64 ": %s", pid,
				   leader_verdict_words(verdict, error));
	reg->machine.supervisor = found;
	reg->given |= FIELD_SUPERVISOR;
	return 0;
}

int registration_set_supervisor_process(struct registration *reg,
					const struct machine_leader *expected, struct failure *f)
{
	return set_supervisor(reg, expected->pid, expected, f);
}

int registration_set_supervisor(struct registration *reg, const char *text, struct failure *f)
{
	static const struct machine_leader unknown;
	int64_t pid;

	if (*text)
		return parse_pid("supervisor", text, &pid, f) < 0
			       ? -1
			       : set_supervisor(reg, pid, &unknown, f);
	reg->machine.supervisor = unknown;
	reg->given |= FIELD_SUPERVISOR;
	return 0;
}

int registration_set_class(struct registration *reg, const char *class, struct failure *f)
{
	if (machine_class_parse(class, &reg->machine.class) < 0)
		return refuse_value(f, "class", class, "is neither container nor vm");
	reg->given |= FIELD_CLASS;
	return 0;
}

/* Words stand in listings and in files of lines: printable ASCII without blanks. */
/* Printable ASCII. */
static int set_ascii(struct registration *reg, const char *what, const char *text,
		     unsigned int field, const char **to, struct failure *f)
{
	size_t length = strlen(text);

	if (length > MACHINE_WORD_MAX)
		return refuse_value(f, what, text, "is longer than 255 bytes");
	for (size_t i = 0; i < length; i++)
		if (text[i] < 0x20 || text[i] >= 0x7f)
			return refuse_value(f, what, text, "has a control or non-ASCII byte");
	*to = length ? arena_strdup(reg->arena, text) : NULL;
	reg->given |= field;
	return 0;
}

static int set_word(struct registration *reg, const char *what, const char *word,
		    unsigned int field, const char **to, struct failure *f)
{
	return strchr(word, ' ') ? refuse_value(f, what, word, "has a blank")
				 : set_ascii(reg, what, word, field, to, f);
}

/* A description is not a word: it may have blanks, and characters of any language. */
int registration_set_description(struct registration *reg, const char *text, struct failure *f)
{
	size_t length = strlen(text);

	if (length > MACHINE_WORD_MAX)
		return refuse_value(f, "description", text, "is longer than 255 bytes");
	for (size_t i = 0; i < length; i++)
		if ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
			return refuse_value(f, "description", text, "has a control byte");
	reg->machine.description = length ? arena_strdup(reg->arena, text) : NULL;
	reg->given |= FIELD_DESCRIPTION;
	return 0;
}

int registration_set_service(struct registration *reg, const char *service, struct failure *f)
{
	return set_word(reg, "service", service, FIELD_SERVICE, &reg->machine.service, f);
}

int registration_set_ssh_address(struct registration *reg, const char *address, struct failure *f)
{
	return set_word(reg, "ssh address", address, FIELD_SSH_ADDRESS, &reg->machine.ssh_address,
			f);
}

int registration_set_ssh_key(struct registration *reg, const char *path, struct failure *f)
{
	if (*path && *path != '/')
		return refuse_value(f, "ssh key", path, "is not an absolute path");
	return set_ascii(reg, "ssh key", path, FIELD_SSH_KEY, &reg->machine.ssh_key, f);
}

int registration_set_control_address(struct registration *reg, const char *address,
				     struct failure *f)
{
	return set_ascii(reg, "control address", address, FIELD_CONTROL_ADDRESS,
			 &reg->machine.control_address, f);
}

int registration_set_unit(struct registration *reg, const char *unit, struct failure *f)
{
	if (*unit && !unit_name_is_valid(unit))
		return refuse_value(f, "unit", unit, "is not the name of a service or scope");
	return set_word(reg, "unit", unit, FIELD_UNIT, &reg->machine.unit, f);
}

int registration_set_control(struct registration *reg, const char *path, struct failure *f)
{
	if (*path && *path != '/')
		return refuse_value(f, "control socket", path, "is not an absolute path");
	if (strlen(path) > MACHINE_CONTROL_MAX)
		return refuse_value(f, "control socket", path, "is longer than 107 bytes");
	return set_word(reg, "control socket", path, FIELD_CONTROL, &reg->machine.control, f);
}

static int set_signal(struct registration *reg, const char *what, const char *text,
		      unsigned int field, uint32_t *to, struct failure *f)
{
	int number = *text ? signal_parse(text) : 0;

	if (*text && !number)
		return refuse_value(f, what, text, "is not a signal");
	*to = (uint32_t) number;
	reg->given |= field;
	return 0;
}

int registration_set_poweroff_signal(struct registration *reg, const char *signal,
				     struct failure *f)
{
	return set_signal(reg, "poweroff signal", signal, FIELD_POWEROFF_SIGNAL,
			  &reg->machine.poweroff_signal, f);
}

int registration_set_reboot_signal(struct registration *reg, const char *signal, struct failure *f)
{
	return set_signal(reg, "reboot signal", signal, FIELD_REBOOT_SIGNAL,
			  &reg->machine.reboot_signal, f);
}

int registration_set_root(struct registration *reg, const char *path, struct failure *f)
{
	if (*path && *path != '/')
		return refuse_value(f, "root directory", path, "is not an absolute path");
	if (strlen(path) > MACHINE_ROOT_MAX)
		return refuse_value(f, "root directory", path, "is longer than 4095 bytes");
	for (const char *p = path; *p; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			return refuse_value(f, "root directory", path, "has a control byte");
	reg->machine.root_directory = *path ? arena_strdup(reg->arena, path) : NULL;
	reg->given |= FIELD_ROOT;
	return 0;
}

/* Read 32 hexadecimal digits, as in machine-id(5), or the five groups of RFC 9562, section 4. */
static bool parse_uuid(const char *text, uint8_t id[static 16])
{
	bool has_dashes = strlen(text) == 36;

	for (size_t i = 0, at = 0; i < 16; i++) {
		if (has_dashes && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
			return false;
		if (!hex_decode(text + at, id + i, 1))
			return false;
		at += 2;
	}
	return has_dashes || strlen(text) == 32;
}

int registration_set_id(struct registration *reg, const char *uuid, struct failure *f)
{
	static const uint8_t none[16];

	reg->machine.has_id = *uuid;
	if (*uuid &&
	    (!parse_uuid(uuid, reg->machine.id) || memcmp(reg->machine.id, none, sizeof none) == 0))
		return refuse_value(f, "id", uuid, "is not a UUID");
	reg->given |= FIELD_ID;
	return 0;
}

int registration_set_vsock_cid(struct registration *reg, const char *cid, struct failure *f)
{
	reg->machine.vsock_cid = 0;
	if (*cid &&
	    (id_parse(cid, &reg->machine.vsock_cid) < 0 || reg->machine.vsock_cid < VSOCK_CID_MIN ||
	     reg->machine.vsock_cid == UINT32_MAX))
		return refuse_value(f, "vsock CID", cid, "is not a number from 3 to 4294967294");
	reg->given |= FIELD_VSOCK_CID;
	return 0;
}

static bool has_alias(const struct machine *m, const char *wanted)
{
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		if (machine_names_equal(alias, wanted))
			return true;
	return false;
}

/* Append a name to those of a list, each with its NUL. */
static void append_name(struct arena *arena, const char **names, size_t *size, const char *name)
{
	size_t length = strlen(name) + 1;
	char *longer = arena_alloc(arena, *size + length);

	if (*size)
		memcpy(longer, *names, *size);
	memcpy(longer + *size, name, length);
	*names = longer;
	*size += length;
}

int registration_add_next_name(struct registration *reg, const char *name, struct failure *f)
{
	struct machine *m = &reg->machine;
	enum name_verdict verdict = judge_name(reg, name);
	size_t count = 0;

	if (verdict != NAME_OK)
		return refuse_value(f, "name", name, name_verdict_words(verdict));
	for (const char *next = NULL; (next = machine_next_name(m, next));)
		count++;
	if (count == MACHINE_ALIASES_MAX)
		return refuse_value(f, "name", name, "is one too many: there may be 64");
	append_name(reg->arena, &m->next_names, &m->next_names_size, name);
	return 0;
}

int registration_add_alias(struct registration *reg, const char *alias, struct failure *f)
{
	struct machine *m = &reg->machine;
	enum name_verdict verdict;

	reg->given |= FIELD_ALIASES;
	if (!*alias) {
		m->aliases_size = 0;
		return 0;
	}
	verdict = judge_name(reg, alias);
	if (verdict != NAME_OK)
		return refuse_value(f, "alias", alias, name_verdict_words(verdict));
	if (has_alias(m, alias))
		return 0;
	if (machine_count_aliases(m) == MACHINE_ALIASES_MAX)
		return refuse_value(f, "alias", alias, "is one too many: there may be 64");
	append_name(reg->arena, &m->aliases, &m->aliases_size, alias);
	return 0;
}

/* Find the index of an interface by its name or index. 0 if there is none. */
static uint32_t find_interface(const char *text)
{
	char name[IF_NAMESIZE];
	uint32_t index = if_nametoindex(text);

	if (index == 0 && id_parse(text, &index) == 0 && !if_indextoname(index, name))
		index = 0;
	return index;
}

int registration_add_interface(struct registration *reg, const char *text, struct failure *f)
{
	struct machine *m = &reg->machine;
	struct machine_interface *items;
	uint32_t index;

	reg->given |= FIELD_INTERFACES;
	if (!*text) {
		m->n_interfaces = 0;
		return 0;
	}
	index = find_interface(text);
	if (!index)
		return refuse_value(f, "interface", text, "doesn't exist on the host");
	for (size_t i = 0; i < m->n_interfaces; i++)
		if (m->interfaces[i].index == index)
			return 0;
	if (m->n_interfaces == MACHINE_INTERFACES_MAX)
		return refuse_value(f, "interface", text, "is one too many: there may be 256");
	items = arena_grow(reg->arena, (void *) m->interfaces, m->n_interfaces, sizeof *items);
	items[m->n_interfaces++] = (struct machine_interface){ .index = index, .given = 1 };
	m->interfaces = items;
	return 0;
}

/* Find the host's interface that leads to an address with this zone. */
static int resolve_zone(const char *text, const char *zone, struct machine_address *address,
			struct failure *f)
{
	uint32_t index = find_interface(zone);
	int stands_for = index ? host_interface_for(index) : -ENODEV;

	if (stands_for < 0)
		return refuse_value(f, "address", text,
				    "has an interface that doesn't exist on the host");
	address->host_interface = (uint32_t) stands_for;
	return 0;
}

int registration_add_address(struct registration *reg, const char *text, struct failure *f)
{
	struct machine *m = &reg->machine;
	struct machine_address *items, address;
	char zone[IF_NAMESIZE];
	int r;

	reg->given |= FIELD_ADDRESSES;
	if (!*text) {
		m->n_addresses = 0;
		return 0;
	}
	r = address_parse(text, &address, zone);
	if (r < 0)
		return refuse_value(f, "address", text,
				    r == -EADDRNOTAVAIL ? "can't be a machine's"
							: "is not an IP address");
	if (*zone && resolve_zone(text, zone, &address, f) < 0)
		return -1;
	address.flags = ADDRESS_GIVEN;
	for (size_t i = 0; i < m->n_addresses; i++)
		if (address_equal(&m->addresses[i], &address))
			return 0;
	if (m->n_addresses == MACHINE_ADDRESSES_MAX)
		return refuse_value(f, "address", text, "is one too many: there may be 1024");
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
		      const char *text, struct failure *f)
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
		return refuse_value(f, what, text, idmap_words(r));
	items = arena_grow(reg->arena, (void *) map->extents, map->count, sizeof *items);
	items[map->count++] = extent;
	map->extents = items;
	return 0;
}

int registration_add_uid_extent(struct registration *reg, const char *extent, struct failure *f)
{
	reg->given |= FIELD_UID_MAP;
	return add_extent(reg, &reg->machine.uids, "uid map extent", extent, f);
}

int registration_add_gid_extent(struct registration *reg, const char *extent, struct failure *f)
{
	reg->given |= FIELD_GID_MAP;
	return add_extent(reg, &reg->machine.gids, "gid map extent", extent, f);
}

void registration_set_found(struct registration *reg, registration_setter *set, const char *value,
			    struct notices *notices)
{
	struct registration before = *reg;
	struct failure f;

	if (!value || set(reg, value, &f) == 0)
		return;
	*reg = before;
	failure_prefix(&f, "%s", reg->subject);
	notices_add_failure(notices, &f);
}

/* A link-local address needs an interface. If exactly one was given, it is that one. */
static int place_link_local(struct registration *reg, struct failure *f)
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
			return refuse_value(
				f, "address", text,
				"is link-local: write it with %INTERFACE of the host's");
		stands_for = host_interface_for(m->interfaces[0].index);
		if (stands_for < 0)
			return failure_errno(f, stands_for, "address '%s'", text);
		addresses[i].host_interface = (uint32_t) stands_for;
	}
	return 0;
}

static int check_map(const char *what, const struct idmap *map, struct failure *f)
{
	int r = idmap_check(map);

	return r < 0 ? failure_set(f, FAILURE_INVALID, "%s %s", what, idmap_words(r)) : 0;
}

int registration_check(struct registration *reg, struct failure *f)
{
	if (!reg->machine.name)
		return failure_set(f, FAILURE_INVALID, "a name is missing");
	if (!reg->has_leader)
		return failure_set(f, FAILURE_INVALID, "the leader is missing; add --leader=PID");
	if (has_alias(&reg->machine, reg->machine.name))
		return refuse_value(f, "alias", reg->machine.name, "is the machine's own name");
	if (check_map("uid map", &reg->machine.uids, f) < 0 ||
	    check_map("gid map", &reg->machine.gids, f) < 0)
		return -1;
	/* A leader that nobody manages from outside has no supervisor. */
	if (reg->machine.supervisor.pid == reg->leader)
		reg->machine.supervisor = (struct machine_leader){ 0 };
	return place_link_local(reg, f);
}
