/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_service.h"

#include "tools/calls/work.h"

#include <signal.h>
#include <stdlib.h>

/* How long it stays when nothing needs it any more. */
#define IDLE_USEC (30 * 1000000ull)

static bool is_needed(const struct bus *bus)
{
	return bus->calls || bus->n_jobs || bus->service->is_needed(bus);
}

static int on_idle(sd_event_source *source, uint64_t now, void *data)
{
	struct bus *bus = data;
	const struct bus_service *service = bus->service;

	(void) source, (void) now;
	bus->idle = sd_event_source_unref(bus->idle);
	if (is_needed(bus))
		return 0;
	/* Calls that come from here on start another one. Those that are here already are answered. */
	service->release_name(bus);
	while (sd_bus_process(bus->bus, NULL) > 0)
		continue;
	/* News are told by whoever has the name: if another one has it by now, that one. */
	if ((!is_needed(bus) && !(service->has_news && service->has_news())) ||
	    service->take_name(bus) < 0)
		return sd_event_exit(bus->event, EXIT_SUCCESS);
	if (service->go_on)
		service->go_on(bus);
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

/* Each call puts the end off. */
static int on_message(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct bus *bus = data;

	bus->idle = sd_event_source_unref(bus->idle);
	bus_consider_idle(bus);
	return bus->service->filter ? bus->service->filter(bus, m, error) : 0;
}

/* Children that were killed when their work was done. */
static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void) source, (void) info, (void) data;
	work_reap();
	return 0;
}

/* The loop waits for them: SIGCHLD for children, the others to leave. */
static int watch_signals(struct bus *bus)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_add_signal(bus->event, NULL, SIGCHLD, on_child, NULL);
	if (r >= 0)
		r = sd_event_add_signal(bus->event, NULL, SIGTERM, NULL, NULL);
	return r < 0 ? r : sd_event_add_signal(bus->event, NULL, SIGINT, NULL, NULL);
}

static int add_objects(struct bus *bus)
{
	int r = sd_bus_add_filter(bus->bus, NULL, on_message, bus);

	if (r >= 0)
		r = bus->service->add_objects(bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus->bus, NULL, "/org/freedesktop/LogControl1",
					     "org.freedesktop.LogControl1", bus_log_vtable, bus);
	return r;
}

int bus_open(struct bus *bus, struct failure *f)
{
	int r = sd_event_default(&bus->event);

	if (r >= 0)
		r = watch_signals(bus);
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

int bus_run(struct bus *bus, struct failure *f)
{
	int r = sd_event_loop(bus->event);

	return r < 0 ? failure_errno(f, r, "cannot wait for calls") : 0;
}

void bus_close(struct bus *bus)
{
	sd_bus_flush_close_unref(bus->bus);
	sd_event_unref(bus->event);
}
