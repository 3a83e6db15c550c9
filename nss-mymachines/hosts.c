/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The database hosts: names to addresses, and back. */
#include "nss-mymachines/hosts.h"

#include "nss-mymachines/buffer.h"
#include "nss-mymachines/host_lookup.h"
#include "nss-mymachines/prototypes.h"
#include "nss-mymachines/status.h"

#include <errno.h>

static bool is_reachable(const struct machine_address *address)
{
	return !address_needs_interface(address) || address->host_interface;
}

/* A tuple for each address, linked. The first may be the caller's own, as with nss_files. */
static int fill_tuples(const struct machine *m, struct gaih_addrtuple **pat, char *bytes,
		       size_t length)
{
	struct buffer buffer = { bytes, length };
	struct gaih_addrtuple *first = NULL, **link = &first;
	char *name = buffer_string(&buffer, m->name);

	if (!name)
		return -ERANGE;
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct machine_address *address = &m->addresses[i];
		struct gaih_addrtuple *tuple;

		if (!is_reachable(address))
			continue;
		tuple = !first && *pat ? *pat : buffer_take(&buffer, sizeof *tuple);
		if (!tuple)
			return -ERANGE;
		*tuple = (struct gaih_addrtuple){ .name = name, .family = address->family };
		memcpy(tuple->addr, address->bytes, sizeof tuple->addr);
		if (address_needs_interface(address))
			tuple->scopeid = address->host_interface;
		*link = tuple;
		link = &tuple->next;
	}
	if (!first)
		return -ENODATA;
	*pat = first;
	return 0;
}

enum nss_status _nss_mymachines_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat,
						 char *buffer, size_t length, int *errnop,
						 int *h_errnop, int32_t *ttlp)
{
	const struct caller caller = caller_save();
	struct host_lookup found;
	int r = host_lookup_name(&found, name, buffer, length);

	if (r == 0)
		r = fill_tuples(&found.machine, pat, buffer, found.length);
	if (r == 0 && ttlp)
		*ttlp = 0;
	return host_status(r, &caller, errnop, h_errnop);
}

static bool is_listed(const struct machine_address *address, int family, enum host_addresses which)
{
	return address->family == family && !address_needs_interface(address) &&
	       (which == HOST_ANSWERED || address_is_true(address));
}

static size_t count_listed(const struct machine *m, int family, enum host_addresses which)
{
	size_t count = 0;

	for (size_t i = 0; i < m->n_addresses; i++)
		count += is_listed(&m->addresses[i], family, which);
	return count;
}

/* Name, aliases and room for the addresses. */
static int fill_names(const struct machine *m, size_t n_addresses, struct hostent *host,
		      struct buffer *buffer)
{
	char **to = buffer_take(buffer, (machine_count_aliases(m) + 1) * sizeof *to);

	host->h_aliases = to;
	host->h_addr_list = buffer_take(buffer, (n_addresses + 1) * sizeof *host->h_addr_list);
	host->h_name = buffer_string(buffer, m->name);
	if (!host->h_aliases || !host->h_addr_list || !host->h_name)
		return -ERANGE;
	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));) {
		*to = buffer_string(buffer, alias);
		if (!*to++)
			return -ERANGE;
	}
	*to = NULL;
	return 0;
}

static int add_address(struct hostent *host, size_t at, const uint8_t *bytes, struct buffer *buffer)
{
	char *copy = buffer_take(buffer, (size_t) host->h_length);

	if (!copy)
		return -ERANGE;
	memcpy(copy, bytes, (size_t) host->h_length);
	host->h_addr_list[at] = copy;
	host->h_addr_list[at + 1] = NULL;
	return 0;
}

int host_fill(const struct machine *m, int family, enum host_addresses which, struct hostent *host,
	      char *bytes, size_t length)
{
	struct buffer buffer = { bytes, length };
	struct hostent h = { 0 };
	size_t count, n = 0;
	int r;

	if (family == AF_UNSPEC)
		family = count_listed(m, AF_INET, which) ? AF_INET : AF_INET6;
	count = count_listed(m, family, which);
	if (count == 0)
		return -ENODATA;
	h.h_addrtype = family;
	h.h_length = (int) address_length(family);
	r = fill_names(m, count, &h, &buffer);
	for (size_t i = 0; r == 0 && i < m->n_addresses; i++)
		if (is_listed(&m->addresses[i], family, which))
			r = add_address(&h, n++, m->addresses[i].bytes, &buffer);
	if (r == 0)
		*host = h;
	return r;
}

enum nss_status _nss_mymachines_gethostbyname3_r(const char *name, int family, struct hostent *host,
						 char *buffer, size_t length, int *errnop,
						 int *h_errnop, int32_t *ttlp, char **canonp)
{
	const struct caller caller = caller_save();
	struct host_lookup found;
	int r = family == AF_UNSPEC || address_length(family)
			? host_lookup_name(&found, name, buffer, length)
			: -ENODATA;

	if (r == 0)
		r = host_fill(&found.machine, family, HOST_ANSWERED, host, buffer, found.length);
	if (r == 0 && ttlp)
		*ttlp = 0;
	if (r == 0 && canonp)
		*canonp = host->h_name;
	return host_status(r, &caller, errnop, h_errnop);
}

enum nss_status _nss_mymachines_gethostbyname2_r(const char *name, int family, struct hostent *host,
						 char *buffer, size_t length, int *errnop,
						 int *h_errnop)
{
	return _nss_mymachines_gethostbyname3_r(name, family, host, buffer, length, errnop,
						h_errnop, NULL, NULL);
}

enum nss_status _nss_mymachines_gethostbyname_r(const char *name, struct hostent *host,
						char *buffer, size_t length, int *errnop,
						int *h_errnop)
{
	/* gethostbyname(3) has callers that copy h_length bytes into four. */
	return _nss_mymachines_gethostbyname3_r(name, AF_INET, host, buffer, length, errnop,
						h_errnop, NULL, NULL);
}

int host_fill_address(const struct machine *m, int family, const uint8_t *bytes,
		      struct hostent *host, char *result, size_t length)
{
	struct buffer buffer = { result, length };
	struct hostent h = { .h_addrtype = family, .h_length = (int) address_length(family) };
	int r = fill_names(m, 1, &h, &buffer);

	if (r == 0)
		r = add_address(&h, 0, bytes, &buffer);
	if (r == 0)
		*host = h;
	return r;
}

static int find_by_address(const uint8_t *bytes, size_t size, int family, struct hostent *host,
			   char *buffer, size_t length)
{
	/* IPv4-mapped: an IPv4 client seen through an IPv6 socket. */
	bool mapped = family == AF_INET6 && size == 16 && address_is_mapped(bytes);
	struct host_lookup found;
	int r;

	if (address_length(family) == 0 || size != address_length(family))
		return -ENODATA;
	r = host_lookup_address(&found, mapped ? AF_INET : family, mapped ? bytes + 12 : bytes,
				buffer, length);
	if (r < 0)
		return r;
	return host_fill_address(&found.machine, family, bytes, host, buffer, found.length);
}

enum nss_status _nss_mymachines_gethostbyaddr2_r(const void *address, socklen_t address_size,
						 int family, struct hostent *host, char *buffer,
						 size_t length, int *errnop, int *h_errnop,
						 int32_t *ttlp)
{
	const struct caller caller = caller_save();
	int r = find_by_address(address, address_size, family, host, buffer, length);

	if (r == 0 && ttlp)
		*ttlp = 0;
	return host_status(r, &caller, errnop, h_errnop);
}

enum nss_status _nss_mymachines_gethostbyaddr_r(const void *address, socklen_t address_size,
						int family, struct hostent *host, char *buffer,
						size_t length, int *errnop, int *h_errnop)
{
	return _nss_mymachines_gethostbyaddr2_r(address, address_size, family, host, buffer, length,
						errnop, h_errnop, NULL);
}
