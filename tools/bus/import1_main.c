/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-import-bus: answer org.freedesktop.import1 on the system bus, as long as somebody needs it. */
#include "tools/bus/bus_ask.h"
#include "tools/bus/bus_log.h"
#include "tools/bus/import1.h"
#include "tools/bus/import1_transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

static int add_objects(struct bus *bus)
{
	int r = sd_bus_add_object_vtable(bus->bus, NULL, IMPORT1_MANAGER_PATH,
					 IMPORT1_MANAGER_INTERFACE, import1_manager_vtable, bus);

	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus->bus, NULL, IMPORT1_TRANSFER_PATH,
					       IMPORT1_TRANSFER_INTERFACE, import1_transfer_vtable,
					       import1_transfer_find, bus);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus->bus, NULL, IMPORT1_TRANSFER_PATH,
					       import1_transfer_enumerate, bus);
	return r;
}

static int take_name(struct bus *bus)
{
	return sd_bus_request_name(bus->bus, IMPORT1_NAME, 0);
}

static void release_name(struct bus *bus)
{
	sd_bus_release_name(bus->bus, IMPORT1_NAME);
}

static bool is_needed(const struct bus *bus)
{
	return ((const struct import1 *) bus)->children.first;
}

static const struct bus_service service = {
	.add_objects = add_objects,
	.take_name = take_name,
	.release_name = release_name,
	.is_needed = is_needed,
};

static int run(struct import1 *import1, struct failure *f)
{
	int r;

	if (bus_open(&import1->bus, f) < 0)
		return -1;
	r = import1_transfers_watch(import1);
	/* Without an owner of the name, callers would wait for nothing. They get errors instead. */
	if (r < 0)
		bus_log(LOG_WARNING, "cannot watch transfers: %s", strerror(-r));
	r = take_name(&import1->bus);
	if (r == -EEXIST)
		return failure_set(f, FAILURE_EXISTS,
				   "%s has an owner: systemd-importd, or another of this program",
				   IMPORT1_NAME);
	if (r < 0)
		return failure_errno(f, r, "cannot take the name %s", IMPORT1_NAME);
	bus_consider_idle(&import1->bus);
	return bus_run(&import1->bus, f);
}

int main(int argc, char **argv)
{
	struct import1 import1 = { .bus.service = &service };
	struct failure failure;
	int r;

	if (argc > 1)
		return bus_ask_option(IMPORT1_NAME, argv[1]);
	openlog("mymachines-import-bus", LOG_PID, LOG_DAEMON);
	umask(022);
	r = run(&import1, &failure);
	if (r < 0) {
		fprintf(stderr, "mymachines-import-bus: %s\n", failure.text);
		bus_log(LOG_ERR, "%s", failure.text);
	}
	bus_close(&import1.bus);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
