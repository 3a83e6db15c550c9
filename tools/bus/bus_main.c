/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-bus: answer org.freedesktop.machine1 on the system bus, as long as somebody needs it. */
#include "base/cleanup.h"
#include "host/machine1.h"
#include "registry/lookup.h"
#include "tools/bus/bus.h"
#include "tools/bus/bus_announced.h"
#include "tools/bus/bus_ask.h"
#include "tools/bus/bus_images.h"
#include "tools/bus/bus_log.h"
#include "tools/bus/bus_properties.h"
#include "tools/enter/sealed_copy.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <syslog.h>

/* How long it stays when nothing needs it any more. */
#define IDLE_USEC (30 * 1000000ull)

static void emit(struct bus *bus, const char *signal, const char *name)
{
	CLEANUP_FREE char *path = bus_machine_path(name);

	if (path)
		sd_bus_emit_signal(bus->bus, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE, signal, "so",
				   name, path);
}

void bus_follow(struct bus *bus)
{
	struct registry_copy now = { 0 };
	struct registry_diff diff;
	struct machine_difference difference;
	int r = bus_announced_next(&now);

	if (r < 0) {
		bus_log(LOG_WARNING, "cannot read %s: %s", REGISTRY_PATH, strerror(-r));
		return;
	}
	registry_diff_begin(&diff, &bus->published, &now);
	while (registry_diff_next(&diff, &difference)) {
		if (difference.event == MACHINE_REMOVED)
			emit(bus, "MachineRemoved", difference.before->name);
		else if (difference.event == MACHINE_ADDED)
			emit(bus, "MachineNew", difference.now->name);
	}
	registry_copy_done(&bus->published);
	bus->published = now;
	/* Killed from here on, the next process has nothing to tell of it. */
	sd_bus_flush(bus->bus);
	bus_announced_done();
	bus_consider_idle(bus);
}

static bool is_needed(const struct bus *bus)
{
	return bus->calls || bus->n_jobs || bus->published.size > 0;
}

/* Also shows others that it has it. */
static int take_name(struct bus *bus)
{
	int r = sd_bus_request_name(bus->bus, BUS_NAME, 0);

	if (r < 0)
		return r;
	r = bus_announced_lock(&bus->lock);
	if (r < 0)
		bus_log(LOG_WARNING, "%s: %s", MACHINE1_LOCK_PATH, strerror(-r));
	return 0;
}

/* The lock goes first: who finds none has the bus start another one, when the name has gone, too. */
static void release_name(struct bus *bus)
{
	cleanup_close(&bus->lock);
	bus->lock = -1;
	sd_bus_release_name(bus->bus, BUS_NAME);
}

static bool has_machines(void)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure f;

	return registry_open(&snapshot, &f) == 0 && snapshot.is_open && snapshot.meta.machines > 0;
}

static int on_idle(sd_event_source *source, uint64_t now, void *data)
{
	struct bus *bus = data;

	(void) source, (void) now;
	bus->idle = sd_event_source_unref(bus->idle);
	if (is_needed(bus))
		return 0;
	/* Calls that come from here on start another one. Those that are here already are answered. */
	release_name(bus);
	while (sd_bus_process(bus->bus, NULL) > 0)
		continue;
	/* A machine that came before that found the lock. If another one has the name by now, it tells. */
	if ((!is_needed(bus) && !has_machines()) || take_name(bus) < 0)
		return sd_event_exit(bus->event, EXIT_SUCCESS);
	bus_follow(bus);
	return 0;
}

void bus_consider_idle(struct bus *bus)
{
	uint64_t now;

	if (is_needed(bus)) {
		bus->idle = sd_event_source_unref(bus->idle);
		return;
	}
	if (bus->idle || sd_event_now(bus->event, CLOCK_MONOTONIC, &now) < 0)
		return;
	sd_event_add_time(bus->event, &bus->idle, CLOCK_MONOTONIC, now + IDLE_USEC, 0, on_idle,
			  bus);
}

static int on_registry(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct bus *bus = data;

	(void) source, (void) fd, (void) events;
	if (registry_notify_read(&bus->notify) != 0)
		bus_follow(bus);
	return 0;
}

/* Each call puts the end off. */
static int on_message(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct bus *bus = data;

	bus->idle = sd_event_source_unref(bus->idle);
	bus_consider_idle(bus);
	return bus_properties_filter(bus, m, error);
}

static int add_objects(struct bus *bus)
{
	int r = sd_bus_add_filter(bus->bus, NULL, on_message, bus);

	if (r >= 0)
		r = sd_bus_add_object_vtable(bus->bus, NULL, BUS_MANAGER_PATH,
					     BUS_MANAGER_INTERFACE, bus_manager_vtable, bus);
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
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus->bus, NULL, "/org/freedesktop/LogControl1",
					     "org.freedesktop.LogControl1", bus_log_vtable, bus);
	return r;
}

static int open_bus(struct bus *bus, struct failure *f)
{
	sigset_t signals;
	int r;

	/* The loop waits for them: SIGCHLD for jobs, the others to leave. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_default(&bus->event);
	if (r >= 0)
		r = sd_event_add_signal(bus->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(bus->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_bus_open_system(&bus->bus);
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(bus->bus, true);
	if (r >= 0)
		r = add_objects(bus);
	if (r >= 0)
		r = sd_bus_attach_event(bus->bus, bus->event, SD_EVENT_PRIORITY_NORMAL);
	return r < 0 ? failure_errno(f, r, "cannot connect to the system bus") : 0;
}

/* Signals are for what differs from what the bus was last told, by this process or another. */
static int follow_registry(struct bus *bus, struct failure *f)
{
	int r = registry_notify_open(&bus->notify, REGISTRY_DIRECTORY);

	if (r >= 0)
		r = sd_event_add_io(bus->event, NULL, bus->notify.fd, EPOLLIN, on_registry, bus);
	/* Of what can't be read, all machines are new. */
	if (r >= 0)
		(void) !bus_announced_read(&bus->published);
	return r < 0 ? failure_errno(f, r, "cannot watch %s", REGISTRY_DIRECTORY) : 0;
}

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

static int run(struct bus *bus, struct failure *f)
{
	int r;

	if (open_bus(bus, f) < 0 || follow_registry(bus, f) < 0 || begin_to_answer(bus, f) < 0)
		return -1;
	r = sd_event_loop(bus->event);
	return r < 0 ? failure_errno(f, r, "cannot wait for calls") : 0;
}

static int print_owner(struct failure *f)
{
	pid_t pid;

	if (bus_ask_owner(&pid, f) < 0)
		return -1;
	printf("%d\n", (int) pid);
	return 0;
}

/* Options that do something else than answering. Returns an exit status. */
static int run_option(const char *option)
{
	struct failure failure;
	int r = 0;

	if (strcmp(option, "--version") == 0)
		puts("mymachines-bus " PACKAGE_VERSION);
	else if (strcmp(option, "--owner") == 0)
		r = print_owner(&failure);
	else if (strcmp(option, "--reload-bus") == 0)
		r = bus_ask_reload(&failure);
	else if (strcmp(option, "--start") == 0)
		r = bus_ask_start(&failure);
	else
		r = failure_set(&failure, FAILURE_USAGE, "unknown argument; see mymachines-bus(8)");
	if (r < 0)
		fprintf(stderr, "mymachines-bus: %s\n", failure.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct bus bus = { .notify.fd = -1, .lock = -1 };
	struct failure failure;
	int r;

	if (argc > 1)
		return run_option(argv[1]);
	openlog("mymachines-bus", LOG_PID, LOG_DAEMON);
	umask(022);
	signal(SIGXFSZ, SIG_IGN);
	r = run(&bus, &failure);
	if (r < 0) {
		fprintf(stderr, "mymachines-bus: %s\n", failure.text);
		bus_log(LOG_ERR, "%s", failure.text);
	}
	sd_bus_flush_close_unref(bus.bus);
	sd_event_unref(bus.event);
	registry_notify_close(&bus.notify);
	registry_copy_done(&bus.published);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
