/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-bus: answer org.freedesktop.machine1 on the system bus, as long as somebody needs it. */
#include "base/cleanup.h"
#include "host/machine1.h"
#include "registry/diff.h"
#include "registry/lookup.h"
#include "registry/notify.h"
#include "tools/bus/bus.h"
#include "tools/bus/bus_announced.h"
#include "tools/bus/bus_ask.h"
#include "tools/bus/bus_images.h"
#include "tools/bus/bus_log.h"
#include "tools/bus/bus_machines.h"
#include "tools/bus/bus_properties.h"
#include "tools/calls/refused.h"
#include "tools/enter/sealed_copy.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <syslog.h>

struct machine1 {
	struct bus bus; /* first, so that it is found from there */
	struct registry_notify notify;
	struct snapshot registry; /* for look-ups: bus_registry() */
	struct bus_machines machines;
	struct refused refused;
	struct registry_copy published;	   /* what signals were sent for */
	struct registry_identity followed; /* of that, if there is one */
	int lock; /* by which others know that this process answers, or -1 */
};

static struct machine1 *machine1_of(struct bus *bus)
{
	return (struct machine1 *) bus;
}

struct bus_machines *bus_machines(struct bus *bus)
{
	return &machine1_of(bus)->machines;
}

struct refused *bus_refused(struct bus *bus)
{
	return &machine1_of(bus)->refused;
}

static bool is_there(const struct snapshot *snapshot)
{
	struct registry_identity now;

	return snapshot->is_open && registry_stat(REGISTRY_PATH, &now) == 0 &&
	       registry_identity_equal(&now, &snapshot->identity);
}

static void close_registry(struct machine1 *machine1)
{
	snapshot_close(&machine1->registry);
	machine1->registry = (struct snapshot){ 0 };
}

static int on_registry(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct machine1 *machine1 = data;

	(void) source, (void) fd, (void) events;
	if (registry_notify_read(&machine1->notify) != 0)
		bus_follow(&machine1->bus);
	return 0;
}

/* 0 or a negative errno, for example if a file stands in the place of the registry's directory. */
static int watch_registry(struct machine1 *machine1)
{
	int r = registry_notify_open(&machine1->notify, REGISTRY_DIRECTORY);

	if (r < 0)
		return r;
	r = sd_event_add_io(machine1->bus.event, NULL, machine1->notify.fd, EPOLLIN, on_registry,
			    machine1);
	if (r < 0)
		registry_notify_close(&machine1->notify);
	return r < 0 ? r : 0;
}

int bus_registry(struct bus *bus, struct snapshot **snapshot, sd_bus_error *error)
{
	struct machine1 *machine1 = machine1_of(bus);
	struct failure failure;

	/* It couldn't be watched, and perhaps it can be now. */
	if (machine1->notify.fd < 0 && watch_registry(machine1) == 0)
		bus_follow(bus);
	*snapshot = &machine1->registry;
	if (is_there(&machine1->registry))
		return 0;
	close_registry(machine1);
	return registry_open(&machine1->registry, &failure) < 0 ? bus_fail(error, &failure) : 0;
}

static void emit(struct bus *bus, const char *signal, const char *name)
{
	CLEANUP_FREE char *path = bus_machine_path(name);

	if (path)
		sd_bus_emit_signal(bus->bus, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE, signal, "so",
				   name, path);
}

void bus_follow(struct bus *bus)
{
	struct machine1 *machine1 = machine1_of(bus);
	struct registry_copy now = { 0 };
	struct registry_identity identity = { 0 };
	struct registry_diff diff;
	struct machine_difference difference;
	int r = registry_stat(REGISTRY_PATH, &identity);

	/* A publication is followed when it comes, and before the reply of the call that has led to it. */
	if (r == 0 && registry_identity_equal(&identity, &machine1->followed)) {
		bus_consider_idle(bus);
		return;
	}
	r = bus_announced_next(&now);

	/* A registry that isn't there any more takes memory as long as it is open. */
	close_registry(machine1);
	if (r < 0) {
		bus_log(LOG_WARNING, "cannot read %s: %s", REGISTRY_PATH, strerror(-r));
		return;
	}
	registry_diff_begin(&diff, &machine1->published, &now);
	while (registry_diff_next(&diff, &difference)) {
		if (difference.event == MACHINE_REMOVED)
			emit(bus, "MachineRemoved", difference.before->name);
		else if (difference.event == MACHINE_ADDED)
			emit(bus, "MachineNew", difference.now->name);
	}
	registry_copy_done(&machine1->published);
	machine1->published = now;
	machine1->followed = identity;
	/* Killed from here on, the next process has nothing to tell of it. */
	sd_bus_flush(bus->bus);
	bus_announced_done();
	bus_consider_idle(bus);
}

static bool is_needed(const struct bus *bus)
{
	return ((const struct machine1 *) bus)->published.size > 0;
}

/* Also shows others that it has it. */
static int take_name(struct bus *bus)
{
	int r = sd_bus_request_name(bus->bus, BUS_NAME, 0);

	if (r < 0)
		return r;
	r = bus_announced_lock(&machine1_of(bus)->lock);
	if (r < 0)
		bus_log(LOG_WARNING, "%s: %s", MACHINE1_LOCK_PATH, strerror(-r));
	return 0;
}

/* The lock goes first: who finds none has the bus start another one, when the name has gone, too. */
static void release_name(struct bus *bus)
{
	struct machine1 *machine1 = machine1_of(bus);

	cleanup_close(&machine1->lock);
	machine1->lock = -1;
	sd_bus_release_name(bus->bus, BUS_NAME);
}

static bool has_machines(void)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure f;

	return registry_open(&snapshot, &f) == 0 && snapshot.is_open && snapshot.meta.machines > 0;
}

static int add_objects(struct bus *bus)
{
	int r = sd_bus_add_object_vtable(bus->bus, NULL, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
					 bus_manager_vtable, bus);

	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus->bus, NULL, BUS_MACHINE_PATH,
					       BUS_MACHINE_INTERFACE, bus_machine_vtable,
					       bus_machine_find, bus);
	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus->bus, NULL, BUS_MACHINE_PATH,
					       bus_machine_enumerate, bus);
	if (r >= 0)
		r = sd_bus_add_fallback_vtable(bus->bus, NULL, BUS_IMAGE_PATH, BUS_IMAGE_INTERFACE,
					       bus_image_vtable, bus_image_find, bus);
	return r;
}

static const struct bus_service service = {
	.add_objects = add_objects,
	.filter = bus_properties_filter,
	.take_name = take_name,
	.release_name = release_name,
	.is_needed = is_needed,
	/* A machine that came when nobody had the lock found nobody to tell. */
	.has_news = has_machines,
	.go_on = bus_follow,
};

static int begin_to_answer(struct bus *bus, struct failure *f)
{
	int r = take_name(bus);

	if (r == -EEXIST)
		return failure_set(f, FAILURE_EXISTS,
				   "%s has an owner: systemd-machined, or another of this program",
				   BUS_NAME);
	if (r < 0)
		return failure_errno(f, r, "cannot take the name %s", BUS_NAME);
	bus_follow(bus);
	return 0;
}

static int run(struct machine1 *machine1, struct failure *f)
{
	struct bus *bus = &machine1->bus;
	int r;

	if (bus_open(bus, f) < 0)
		return -1;
	r = watch_registry(machine1);
	/* Without an owner of the name, callers would wait for nothing. They get errors instead. */
	if (r < 0)
		bus_log(LOG_WARNING, "cannot watch %s: %s", REGISTRY_DIRECTORY, strerror(-r));
	/*
	 * Signals are for what differs from what the bus was last told, by this process or another. Of
	 * what can't be read, all machines are new.
	 */
	(void) !bus_announced_read(&machine1->published);
	return begin_to_answer(bus, f) < 0 ? -1 : bus_run(bus, f);
}

int main(int argc, char **argv)
{
	struct machine1 machine1 = { .bus.service = &service, .notify.fd = -1, .lock = -1 };
	struct failure failure;
	int r;

	if (argc > 1)
		return bus_ask_option(BUS_NAME, argv[1]);
	openlog("mymachines-bus", LOG_PID, LOG_DAEMON);
	umask(022);
	signal(SIGXFSZ, SIG_IGN);
	r = run(&machine1, &failure);
	if (r < 0) {
		fprintf(stderr, "mymachines-bus: %s\n", failure.text);
		bus_log(LOG_ERR, "%s", failure.text);
	}
	bus_close(&machine1.bus);
	registry_notify_close(&machine1.notify);
	registry_copy_done(&machine1.published);
	bus_machines_done(&machine1.machines);
	close_registry(&machine1);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
