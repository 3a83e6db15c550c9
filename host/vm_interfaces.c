/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm_interfaces.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/file_reader.h"
#include "host/process.h"

#include <dirent.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

/* The part of an emulator's command line that is read. */
#define COMMAND_LINE_MAX (128 * 1024)

/* Further interfaces of one machine are left out. */
#define PORTS_MAX MACHINE_INTERFACES_MAX

/*
 * Further hardware addresses of one machine are left out: those that its bridge has learned are as
 * many as it likes.
 */
#define HARDWARE_MAX 256

/*
 * libvirt gives a tap the VM's address with another first byte: virnetdevtap.c. Of QEMU's own range
 * only, which libvirt takes addresses from: a random address of a tap may begin with fe, too.
 */
static const uint8_t libvirt_tap_range[] = { 0xfe, 0x54, 0x00 };
#define LIBVIRT_VM_BYTE 0x52

void vm_interfaces_done(struct vm_interfaces *vm)
{
	free(vm->ports);
	free(vm->hardware);
	*vm = (struct vm_interfaces){ 0 };
}

static bool hardware_equal(const struct hardware_address *a, const struct hardware_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool has_hardware(const struct vm_interfaces *vm, const struct hardware_address *hardware)
{
	for (size_t i = 0; i < vm->n_hardware; i++)
		if (hardware_equal(&vm->hardware[i], hardware))
			return true;
	return false;
}

static int add_hardware(struct vm_interfaces *vm, const struct hardware_address *hardware)
{
	struct hardware_address *items;

	if (vm->n_hardware == HARDWARE_MAX || has_hardware(vm, hardware))
		return 0;
	items = array_grow(vm->hardware, vm->n_hardware, sizeof *items);
	if (!items)
		return -ENOMEM;
	vm->hardware = items;
	items[vm->n_hardware++] = *hardware;
	return 0;
}

/* Add the interface if it exists. */
static int add_port(struct vm_interfaces *vm, struct netlink *host, uint32_t index, bool taps_only)
{
	struct host_link link, *items;
	int r;

	for (size_t i = 0; i < vm->n_ports; i++)
		if (vm->ports[i].index == index)
			return 0;
	if (vm->n_ports == PORTS_MAX)
		return 0;
	r = host_link_read(host, index, &link);
	if (r < 0 || (taps_only && link.kind != LINK_TAP))
		return r == -ENODEV ? 0 : r;
	items = array_grow(vm->ports, vm->n_ports, sizeof *items);
	if (!items)
		return -ENOMEM;
	vm->ports = items;
	items[vm->n_ports++] = link;
	return 0;
}

/* Read the interface name in /proc/PID/fdinfo/FD of a tap, or "". */
static void read_tap_name(const char *fdinfo, char name[static IF_NAMESIZE])
{
	CLEANUP_FREE char *text = file_read_text(fdinfo);
	const char *line = text ? strstr(text, "\niff:") : NULL;

	name[0] = '\0';
	if (line)
		sscanf(line, "\niff: %15s", name);
}

static int add_tap(struct vm_interfaces *vm, struct netlink *host, uint32_t pid, const char *fd)
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
	return index ? add_port(vm, host, index, true) : 0;
}

/* Add the taps that the leader has open. Their names are valid in its own network namespace. */
static int add_taps(struct vm_interfaces *vm, struct netlink *host, uint32_t pid)
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
			r = add_tap(vm, host, pid, entry->d_name);
	closedir(stream);
	return r;
}

/* Add the addresses in "mac=52:54:00:12:34:56", "macaddr=..." or, in JSON, "\"mac\":\"...\"". */
static int add_hardware_from_argument(struct vm_interfaces *vm, const char *argument)
{
	for (const char *at = argument; (at = strstr(at, "mac"));) {
		struct hardware_address hardware;
		int r;

		at += strlen("mac");
		if (strncmp(at, "addr", 4) == 0)
			at += 4;
		at += strspn(at, "\"=: ");
		r = hardware_address_parse(at, &hardware) == 0 ? add_hardware(vm, &hardware) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_hardware_from_command_line(struct vm_interfaces *vm, uint32_t pid)
{
	CLEANUP_FREE char *line = malloc(COMMAND_LINE_MAX);
	ssize_t length = line ? file_reader_read_proc(pid, "cmdline", line, COMMAND_LINE_MAX)
			      : -ENOMEM;
	int r = length < 0 ? (int) length : 0;

	for (const char *at = line; r == 0 && at < line + length; at += strlen(at) + 1)
		r = add_hardware_from_argument(vm, at);
	return r;
}

static int add_hardware_from_taps(struct vm_interfaces *vm)
{
	int r = 0;

	for (size_t i = 0; i < vm->n_ports && r == 0; i++) {
		struct hardware_address hardware = vm->ports[i].address;

		if (memcmp(hardware.bytes, libvirt_tap_range, sizeof libvirt_tap_range) != 0)
			continue;
		hardware.bytes[0] = LIBVIRT_VM_BYTE;
		r = add_hardware(vm, &hardware);
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

/* Learned forwarding entries. Permanent ones are the bridge's own addresses. */
static int parse_forwarding(const struct nlmsghdr *message, void *into)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
	struct neighbour_attributes a = { 0 };
	struct vm_interfaces *vm = into;

	if (entry->ndm_state & NUD_PERMANENT)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof *entry, parse_neighbour_attribute, &a);
	for (size_t i = 0; i < vm->n_ports && a.hardware; i++)
		if (vm->ports[i].index == (uint32_t) entry->ndm_ifindex &&
		    vm->ports[i].is_private && add_hardware(vm, a.hardware) < 0)
			return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static void start_forwarding(void *into)
{
	((struct vm_interfaces *) into)->n_hardware = 0;
}

static int find_hardware(struct vm_interfaces *vm, struct netlink *host, uint32_t pid)
{
	int r = add_hardware_from_command_line(vm, pid);

	if (r == 0)
		r = add_hardware_from_taps(vm);
	if (r == 0 && vm->n_hardware == 0 && vm->n_ports > 0)
		r = netlink_dump(host, RTM_GETNEIGH, AF_BRIDGE, parse_forwarding, start_forwarding,
				 vm);
	return r;
}

int vm_interfaces_find(uint32_t pid, const struct machine_interface *given, size_t n_given,
		       struct vm_interfaces *vm)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	int r = process_shares_namespace(NULL, pid, NAMESPACE_NETWORK);
	bool shares_network;

	*vm = (struct vm_interfaces){ 0 };
	/* Its taps are in another network namespace: their names may be others' here. */
	if (r == 0 && n_given == 0)
		return 0;
	shares_network = r > 0;
	if (r >= 0)
		r = netlink_open(&host);
	if (r == 0 && shares_network)
		r = add_taps(vm, &host, pid);
	for (size_t i = 0; i < n_given && r >= 0; i++)
		r = add_port(vm, &host, given[i].index, false);
	if (r >= 0)
		r = find_hardware(vm, &host, pid);
	if (r < 0)
		vm_interfaces_done(vm);
	return r;
}

bool vm_is_at(const struct vm_interfaces *vm, uint32_t segment,
	      const struct hardware_address *hardware)
{
	for (size_t i = 0; i < vm->n_ports; i++)
		if (vm->ports[i].stands_for == segment)
			return (vm->ports[i].is_private && !vm->ports[i].is_bridge_port) ||
			       has_hardware(vm, hardware);
	return false;
}

struct neighbour_dump {
	const struct vm_interfaces *vm;
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
	    !vm_is_at(dumped->vm, (uint32_t) entry->ndm_ifindex, a.hardware))
		return MNL_CB_OK;
	memcpy(address.bytes, a.address, a.address_size);
	address.scope = address_scope(entry->ndm_family, a.address);
	address.host_interface = (uint32_t) entry->ndm_ifindex;
	addresses_insert(dumped->addresses, &dumped->n_addresses, MACHINE_ADDRESSES_MAX, &address);
	return MNL_CB_OK;
}

int vm_interfaces_read_neighbours(const struct vm_interfaces *vm,
				  struct machine_address **addresses)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	CLEANUP_FREE struct machine_address *found = NULL;
	struct neighbour_dump dumped = { .vm = vm };
	int r;

	if (vm->n_ports == 0)
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
