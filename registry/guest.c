/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/guest.h"

#include "registry/array.h"
#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "registry/process.h"

#include <dirent.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

/* More interfaces of one machine's than this are left out. */
#define PORTS_MAX MACHINE_INTERFACES_MAX

/* What libvirt makes the first byte of a tap's address, of the guest's 52: virnetdevtap.c. */
#define LIBVIRT_TAP_BYTE   0xfe
#define LIBVIRT_GUEST_BYTE 0x52

void guest_done(struct guest *guest)
{
	free(guest->ports);
	free(guest->hardware);
	*guest = (struct guest){ 0 };
}

static bool hardware_equal(const struct hardware_address *a, const struct hardware_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool has_hardware(const struct guest *guest, const struct hardware_address *hardware)
{
	for (size_t i = 0; i < guest->n_hardware; i++)
		if (hardware_equal(&guest->hardware[i], hardware))
			return true;
	return false;
}

static int add_hardware(struct guest *guest, const struct hardware_address *hardware)
{
	struct hardware_address *items;

	if (has_hardware(guest, hardware))
		return 0;
	items = array_grow(guest->hardware, guest->n_hardware, sizeof *items);
	if (!items)
		return -ENOMEM;
	guest->hardware = items;
	items[guest->n_hardware++] = *hardware;
	return 0;
}

/* Add the interface, if there is such a one. */
static int add_port(struct guest *guest, struct netlink *host, uint32_t index, bool taps_only)
{
	struct host_link link, *items;
	int r;

	for (size_t i = 0; i < guest->n_ports; i++)
		if (guest->ports[i].index == index)
			return 0;
	if (guest->n_ports == PORTS_MAX)
		return 0;
	r = host_link_read(host, index, &link);
	if (r < 0 || (taps_only && !link.is_tap))
		return r == -ENODEV ? 0 : r;
	items = array_grow(guest->ports, guest->n_ports, sizeof *items);
	if (!items)
		return -ENOMEM;
	guest->ports = items;
	items[guest->n_ports++] = link;
	return 0;
}

/* The name that /proc/PID/fdinfo/FD has of a tap, or an empty one. */
static void read_tap_name(const char *fdinfo, char name[static IF_NAMESIZE])
{
	CLEANUP_FREE char *text = file_read_text(fdinfo);
	const char *line = text ? strstr(text, "\niff:") : NULL;

	name[0] = '\0';
	if (line)
		sscanf(line, "\niff: %15s", name);
}

static int add_tap(struct guest *guest, struct netlink *host, uint32_t pid, const char *fd)
{
	char path[PROC_PATH_SIZE + 16], target[sizeof "/dev/net/tun"], name[IF_NAMESIZE];
	ssize_t length;
	uint32_t index;

	snprintf(path, sizeof path, "/proc/%u/fd/%.15s", pid, fd);
	length = readlink(path, target, sizeof target);
	if (length != sizeof target - 1 || memcmp(target, "/dev/net/tun", sizeof target - 1) != 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%u/fdinfo/%.15s", pid, fd);
	read_tap_name(path, name);
	index = *name ? if_nametoindex(name) : 0;
	return index ? add_port(guest, host, index, true) : 0;
}

/* The taps that the leader has open: a tun device's name is that of its own namespace. */
static int add_taps(struct guest *guest, struct netlink *host, uint32_t pid)
{
	char path[PROC_PATH_SIZE];
	struct dirent *entry;
	DIR *stream;
	int r = 0;

	proc_path(path, pid, "fd");
	stream = opendir(path);
	if (!stream)
		return -errno;
	while (r == 0 && (entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			r = add_tap(guest, host, pid, entry->d_name);
	closedir(stream);
	return r;
}

/* "mac=52:54:00:12:34:56", "macaddr=..." or, in JSON, "\"mac\":\"...\"". */
static int add_named(struct guest *guest, const char *argument)
{
	for (const char *at = argument; (at = strstr(at, "mac"));) {
		struct hardware_address hardware;
		int r;

		at += strlen("mac");
		if (strncmp(at, "addr", 4) == 0)
			at += 4;
		at += strspn(at, "\"=: ");
		r = hardware_address_parse(at, &hardware) == 0 ? add_hardware(guest, &hardware) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_from_command_line(struct guest *guest, uint32_t pid)
{
	CLEANUP_FREE char *argument = NULL;
	char path[PROC_PATH_SIZE];
	size_t room = 0;
	FILE *file;
	int r = 0;

	proc_path(path, pid, "cmdline");
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (r == 0 && getdelim(&argument, &room, '\0', file) > 0)
		r = add_named(guest, argument);
	fclose(file);
	return r;
}

static int add_from_taps(struct guest *guest)
{
	int r = 0;

	for (size_t i = 0; i < guest->n_ports && r == 0; i++) {
		struct hardware_address hardware = guest->ports[i].address;

		if (hardware.bytes[0] != LIBVIRT_TAP_BYTE)
			continue;
		hardware.bytes[0] = LIBVIRT_GUEST_BYTE;
		r = add_hardware(guest, &hardware);
	}
	return r;
}

struct neighbour_attributes {
	const uint8_t *address;
	size_t address_size;
	const struct hardware_address *hardware;
};

static int parse_neighbour_attribute(const struct nlattr *attribute, void *into)
{
	struct neighbour_attributes *a = into;

	switch (mnl_attr_get_type(attribute)) {
	case NDA_DST:
		a->address = mnl_attr_get_payload(attribute);
		a->address_size = mnl_attr_get_payload_len(attribute);
		break;
	case NDA_LLADDR:
		if (mnl_attr_get_payload_len(attribute) == sizeof *a->hardware)
			a->hardware = mnl_attr_get_payload(attribute);
		break;
	}
	return MNL_CB_OK;
}

/* What a bridge has learned of who is behind a port; what is its own is permanent. */
static int parse_forwarding(const struct nlmsghdr *message, void *into)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
	struct neighbour_attributes a = { 0 };
	struct guest *guest = into;

	if (entry->ndm_state & NUD_PERMANENT)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof *entry, parse_neighbour_attribute, &a);
	for (size_t i = 0; i < guest->n_ports && a.hardware; i++)
		if (guest->ports[i].index == (uint32_t) entry->ndm_ifindex &&
		    guest->ports[i].is_private && add_hardware(guest, a.hardware) < 0)
			return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static void start_forwarding(void *into)
{
	((struct guest *) into)->n_hardware = 0;
}

static int find_hardware(struct guest *guest, struct netlink *host, uint32_t pid)
{
	int r = add_from_command_line(guest, pid);

	if (r == 0)
		r = add_from_taps(guest);
	if (r == 0 && guest->n_hardware == 0 && guest->n_ports > 0)
		r = netlink_dump(host, RTM_GETNEIGH, AF_BRIDGE, parse_forwarding, start_forwarding,
				 guest);
	return r;
}

int guest_find(uint32_t pid, const struct machine_interface *given, size_t n_given,
	       struct guest *guest)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	int r = process_shares_namespace(pid, "net");
	bool shares_network;

	*guest = (struct guest){ 0 };
	/* Its taps are of another namespace, and would be taken for the host's of that name. */
	if (r == 0 && n_given == 0)
		return 0;
	shares_network = r > 0;
	if (r >= 0)
		r = netlink_open(&host);
	if (r == 0 && shares_network)
		r = add_taps(guest, &host, pid);
	for (size_t i = 0; i < n_given && r >= 0; i++)
		r = add_port(guest, &host, given[i].index, false);
	if (r >= 0)
		r = find_hardware(guest, &host, pid);
	if (r < 0)
		guest_done(guest);
	return r;
}

bool guest_is_at(const struct guest *guest, uint32_t segment,
		 const struct hardware_address *hardware)
{
	for (size_t i = 0; i < guest->n_ports; i++)
		if (guest->ports[i].stands_for == segment)
			return (guest->ports[i].is_private && !guest->ports[i].is_bridge_port) ||
			       has_hardware(guest, hardware);
	return false;
}

struct neighbour_dump {
	const struct guest *guest;
	struct machine_address *addresses;
	size_t n_addresses;
};

static void start_neighbours(void *into)
{
	((struct neighbour_dump *) into)->n_addresses = 0;
}

static int parse_neighbour(const struct nlmsghdr *message, void *into)
{
	static const uint16_t valid =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
	struct neighbour_dump *dumped = into;
	struct neighbour_attributes a = { 0 };
	struct machine_address address = { .family = entry->ndm_family };

	if (!(entry->ndm_state & valid) || entry->ndm_flags & NTF_PROXY)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof *entry, parse_neighbour_attribute, &a);
	if (!a.address || !a.hardware || a.address_size == 0 ||
	    a.address_size != address_length(entry->ndm_family) ||
	    !address_is_unicast(entry->ndm_family, a.address) ||
	    !guest_is_at(dumped->guest, (uint32_t) entry->ndm_ifindex, a.hardware))
		return MNL_CB_OK;
	memcpy(address.bytes, a.address, a.address_size);
	address.scope = address_scope(entry->ndm_family, a.address);
	address.host_interface = (uint32_t) entry->ndm_ifindex;
	addresses_insert(dumped->addresses, &dumped->n_addresses, MACHINE_ADDRESSES_MAX, &address);
	return MNL_CB_OK;
}

int guest_read_neighbours(const struct guest *guest, struct machine_address **addresses)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	CLEANUP_FREE struct machine_address *found = NULL;
	struct neighbour_dump dumped = { .guest = guest };
	int r;

	if (guest->n_ports == 0)
		return 0;
	found = dumped.addresses = calloc(MACHINE_ADDRESSES_MAX, sizeof *found);
	if (!found)
		return -ENOMEM;
	r = netlink_open(&host);
	if (r == 0)
		r = netlink_dump(&host, RTM_GETNEIGH, AF_UNSPEC, parse_neighbour, start_neighbours,
				 &dumped);
	if (r < 0)
		return r;
	*addresses = found;
	found = NULL;
	return (int) dumped.n_addresses;
}
