/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_machine.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "host/machine_file.h"
#include "host/process.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

void host_machine_read(struct machine *host)
{
	CLEANUP_CLOSE int root = process_root_open((uint32_t) getpid());
	CLEANUP_CLOSE int init = pidfd_of(1);
	char id[64];

	*host = (struct machine){
		.name = ".host",
		.leader = { .pid = 1 },
		.unit = "-.slice",
		.root_directory = "/",
		.realtime = (uint64_t) (clock_microseconds(CLOCK_REALTIME) -
					clock_microseconds(CLOCK_BOOTTIME)),
	};
	if (init >= 0)
		(void) !pidfd_identify(init, &host->leader);
	host->has_id = root >= 0 && machine_file_read(root, "/etc/machine-id", id, sizeof id) > 0 &&
		       hex_decode(id, host->id, sizeof host->id);
}

static int tell(const struct ifaddrs *a, host_address_found *found, void *data)
{
	const void *address = a->ifa_addr;

	if (!address || a->ifa_flags & IFF_LOOPBACK)
		return 0;
	if (a->ifa_addr->sa_family == AF_INET)
		return found(data, if_nametoindex(a->ifa_name), AF_INET,
			     &((const struct sockaddr_in *) address)->sin_addr);
	if (a->ifa_addr->sa_family == AF_INET6)
		return found(data, if_nametoindex(a->ifa_name), AF_INET6,
			     &((const struct sockaddr_in6 *) address)->sin6_addr);
	return 0;
}

int host_addresses_each(host_address_found *found, void *data)
{
	struct ifaddrs *all;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return -1;
	for (const struct ifaddrs *a = all; a && r == 0; a = a->ifa_next)
		r = tell(a, found, data);
	freeifaddrs(all);
	return r;
}
