/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/login_source.h"

#include "base/number.h"
#include "registry/leader_state.h"
#include "registry/words.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST_NAME_MAX_SIZE 254 /* RFC 1035, section 2.3.4 */
#define LABEL_MAX	   63

/* Find the interface of a zone, which is a name or a number. -EINVAL if it doesn't exist. */
static int find_interface(const char *zone, uint32_t *index)
{
	char name[IF_NAMESIZE];

	*index = if_nametoindex(zone);
	if (*index)
		return 0;
	if (errno != ENODEV && errno != ENXIO)
		return -errno;
	return id_parse(zone, index) == 0 && *index && if_indextoname(*index, name) ? 0 : -EINVAL;
}

/* An IPv4-mapped address needs no zone, but may have one. */
static int parse_address(const char *text, struct machine_address *address,
			 char zone[static IF_NAMESIZE])
{
	int r = address_parse(text, address, zone);
	const char *percent = strchr(text, '%');
	char bare[ADDRESS_TEXT_SIZE];

	if (r != -EINVAL || !percent || !percent[1] || percent - text >= (int) sizeof bare ||
	    strlen(percent + 1) >= IF_NAMESIZE)
		return r;
	memcpy(bare, text, (size_t) (percent - text));
	bare[percent - text] = '\0';
	r = address_parse(bare, address, zone);
	if (r == 0 && !(address->family == AF_INET && strchr(bare, ':')))
		return -EINVAL;
	strcpy(zone, percent + 1);
	return r;
}

/* If the last label is a number, getaddrinfo(3) may take the name for an address. */
static bool is_number(const char *label, size_t length)
{
	if (length > 1 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return strspn(label + 2, "0123456789abcdefABCDEF") >= length - 2;
	return strspn(label, "0123456789") >= length;
}

/*
 * Whether the text can only be a host's name: labels, of which the last isn't a
 * number, and at most one dot at the end.
 */
static bool is_host_name(const char *text)
{
	const char *at = text;

	if (strlen(text) >= HOST_NAME_MAX_SIZE)
		return false;
	for (;;) {
		size_t length = strcspn(at, ".");

		if (length == 0 || length > LABEL_MAX)
			return false;
		for (size_t i = 0; i < length; i++)
			if (!is_name_byte(at[i]))
				return false;
		if (!at[length] || !at[length + 1])
			return !is_number(at, length);
		at += length + 1;
	}
}

/* Compare in upper or lower case. */
static bool has_name(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

/* Whether it is a name of this host: its own, or one of the loopback addresses. */
static bool is_this_host(const char *text)
{
	size_t length = strlen(text) - (text[strlen(text) - 1] == '.');
	const char *last = text + length;
	char own[HOST_NAME_MAX_SIZE] = "";

	while (last > text && last[-1] != '.')
		last--;
	if (has_name(last, length - (size_t) (last - text), "localhost") ||
	    has_name(text, length, "localhost.localdomain") ||
	    has_name(text, length, "ip6-localhost") || has_name(text, length, "ip6-loopback"))
		return true;
	return gethostname(own, sizeof own - 1) == 0 && *own && has_name(text, length, own);
}

/* Whether it may be this host's name in full, or a part of that: no machine may be called so. */
static bool may_be_this_host(const char *text)
{
	char own[HOST_NAME_MAX_SIZE] = "";

	return gethostname(own, sizeof own - 1) == 0 && machine_name_is_hosts(text, own);
}

static int read_name(const char *text, struct login_source *source)
{
	if (!is_host_name(text))
		return -EINVAL;
	source->may_be_this_host = may_be_this_host(text);
	if (is_this_host(text))
		source->kind = SOURCE_THIS_HOST;
	else if (machine_name_fold(text, source->folded))
		source->kind = SOURCE_NAME;
	else
		source->kind = source->may_be_this_host ? SOURCE_THIS_HOST : SOURCE_NO_MACHINE;
	return 0;
}

/* A loopback address is this host's. Nobody can log in from other addresses that aren't unicast. */
static bool is_loopback(const char *text)
{
	return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0 ||
	       strncasecmp(text, "::ffff:127.", 11) == 0;
}

/*
 * Whether the host would answer the address by the interface of its zone. An address that needs no
 * zone is reached without one, so any other zone is wrong.
 */
static int check_zone(const struct login_source *source)
{
	struct machine_address address = source->address;
	struct way way;
	int r;

	address.host_interface = 0;
	r = way_find(&address, &way);
	if (r < 0)
		return r;
	return way.end == source->way.end && way.n_interfaces == source->way.n_interfaces &&
			       memcmp(way.interfaces, source->way.interfaces,
				      way.n_interfaces * sizeof *way.interfaces) == 0
		       ? 0
		       : -EINVAL;
}

static int read_address(const char *zone, struct login_source *source)
{
	uint32_t interface = 0;
	int r = *zone ? find_interface(zone, &interface) : 0;

	if (r < 0)
		return r;
	source->address.host_interface = interface;
	if (address_needs_interface(&source->address) && !*zone)
		return -EINVAL;
	r = way_find(&source->address, &source->way);
	if (r == 0 && interface && !address_needs_interface(&source->address))
		r = check_zone(source);
	if (r == 0)
		source->kind = source->way.end == WAY_LOCAL ? SOURCE_THIS_HOST : SOURCE_ADDRESS;
	return r;
}

int login_source_read(const char *remote_host, struct login_source *source)
{
	char zone[IF_NAMESIZE] = "";
	int r;

	*source = (struct login_source){ .kind = SOURCE_NO_MACHINE };
	if (!*remote_host)
		return 0;
	r = parse_address(remote_host, &source->address, zone);
	if (r == 0)
		return read_address(zone, source);
	if (r == -EINVAL)
		return read_name(remote_host, source);
	if (!is_loopback(remote_host))
		return -EINVAL;
	source->kind = SOURCE_THIS_HOST;
	return 0;
}

static bool has_interface(const struct machine *m, const struct way *way)
{
	for (size_t i = 0; i < m->n_interfaces; i++)
		for (size_t j = 0; j < way->n_interfaces; j++)
			if (m->interfaces[i].index == way->interfaces[j])
				return true;
	return false;
}

static bool has_given_address(const struct machine *m, const struct machine_address *address)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *a = &m->addresses[i];

		if (a->flags & (ADDRESS_GIVEN | ADDRESS_LEASED) && a->family == address->family &&
		    memcmp(a->bytes, address->bytes, sizeof a->bytes) == 0 &&
		    (!address_needs_interface(address) ||
		     a->host_interface == address->host_interface))
			return true;
	}
	return false;
}

static bool matches(const struct login_source *source, enum source_match match,
		    const struct machine *m)
{
	switch (match) {
	case MATCH_WAY: return has_interface(m, &source->way);
	case MATCH_GIVEN: return has_given_address(m, &source->address);
	case MATCH_HOST_NETWORK: return m->n_interfaces == 0;
	case MATCH_ANY: return true;
	}
	return false;
}

/* Require that the leader certainly lives. -ENOENT if it has died. */
static int check_leader(const struct snapshot *s, const struct machine *m)
{
	int error = 0;

	switch (leader_state(&m->leader, &s->meta.context, &error)) {
	case LEADER_ALIVE: return 0;
	case LEADER_DEAD: return -ENOENT;
	case LEADER_UNKNOWN: break;
	}
	return error;
}

int login_source_next(struct snapshot *s, const struct login_source *source,
		      enum source_match match, char position[static MACHINE_NAME_SIZE],
		      struct machine *m)
{
	struct stat own;
	int r;

	if (stat("/proc/thread-self/ns/net", &own) < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	while ((r = snapshot_next(s, position, m)) == 0) {
		/* Interfaces of another network namespace mean nothing in this one. */
		bool is_foreign = m->host_network && m->host_network != own.st_ino;

		if (!is_foreign && !matches(source, match, m))
			continue;
		r = check_leader(s, m);
		if (r != -ENOENT)
			return r == 0 && is_foreign ? -EXDEV : r;
	}
	return r;
}

/* Find the machine that was registered first of those that root has given the address. */
static int find_given(struct snapshot *s, const struct login_source *source, struct machine *m)
{
	char position[MACHINE_NAME_SIZE] = "", first[MACHINE_NAME_SIZE] = "";
	uint64_t sequence = 0;
	int r;

	while ((r = login_source_next(s, source, MATCH_GIVEN, position, m)) == 0)
		if (!sequence || m->sequence < sequence) {
			sequence = m->sequence;
			strcpy(first, position);
		}
	return r == -ENOENT && sequence ? snapshot_find_name(s, first, m) : r;
}

int login_source_find(struct snapshot *s, const struct login_source *source,
		      enum source_match *match, char position[static MACHINE_NAME_SIZE],
		      struct machine *m)
{
	int r;

	*match = MATCH_WAY;
	position[0] = '\0';
	if (source->kind == SOURCE_NAME) {
		r = snapshot_find_name(s, source->folded, m);
		return r < 0 ? r : check_leader(s, m);
	}
	if (source->kind != SOURCE_ADDRESS)
		return -ENOENT;
	r = login_source_next(s, source, MATCH_WAY, position, m);
	if (r != -ENOENT)
		return r;
	/* Any machine's root can make a network namespace. */
	position[0] = '\0';
	if (source->way.end == WAY_TO_OTHER &&
	    !way_is_by_uplink(&source->way, source->address.family)) {
		r = login_source_next(s, source, MATCH_ANY, position, m);
		return r == 0 ? -ENONET : r;
	}
	*match = MATCH_GIVEN;
	return find_given(s, source, m);
}

const char *login_source_error_words(int error)
{
	switch (error) {
	case -EINVAL: return "it is not clearly a name or a complete address";
	case -ENETUNREACH: return "a route of this host refuses it";
	case -EHOSTUNREACH: return "the bridge on the way doesn't know where it is";
	case -ENONET: return "the way leads into a network namespace of no registered machine";
	case -EOPNOTSUPP: return "an interface on the way doesn't tell where it leads";
	case -ETIMEDOUT: return "the kernel didn't answer in time";
	case -ENOSYS: return "/proc doesn't show this process's namespaces";
	case -EXDEV: return "this process is in another network or pid namespace than the registry";
	default: return registry_error_words(error);
	}
}
