/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/import1_transfer.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

/* A transfer's descriptors in the event loop. */
struct transfer_sources {
	sd_event_source *end, *output;
};

char *import1_path(unsigned int id, char path[static IMPORT1_PATH_SIZE])
{
	snprintf(path, IMPORT1_PATH_SIZE, IMPORT1_TRANSFER_PATH "/_%u", id);
	return path;
}

static struct import1 *import1_of(const struct transfer_child *child)
{
	return (struct import1 *) ((char *) child->children - offsetof(struct import1, children));
}

static void emit(const struct transfer_child *child, const char *signal, const char *result)
{
	sd_bus *bus = import1_of(child)->bus.bus;
	char path[IMPORT1_PATH_SIZE];

	import1_path(child->id, path);
	if (result)
		sd_bus_emit_signal(bus, IMPORT1_MANAGER_PATH, IMPORT1_MANAGER_INTERFACE, signal,
				   "uos", child->id, path, result);
	else
		sd_bus_emit_signal(bus, IMPORT1_MANAGER_PATH, IMPORT1_MANAGER_INTERFACE, signal,
				   "uo", child->id, path);
}

/* A line that isn't UTF-8 has no place on the bus. */
static void emit_line(struct transfer_child *child, int priority, const char *line)
{
	char path[IMPORT1_PATH_SIZE];

	sd_bus_emit_signal(import1_of(child)->bus.bus, import1_path(child->id, path),
			   IMPORT1_TRANSFER_INTERFACE, "LogMessage", "us", (uint32_t) priority,
			   line);
}

static void emit_progress(struct transfer_child *child)
{
	char path[IMPORT1_PATH_SIZE];

	sd_bus_emit_signal(import1_of(child)->bus.bus, import1_path(child->id, path),
			   IMPORT1_TRANSFER_INTERFACE, "ProgressUpdate", "d", child->progress);
}

static void free_sources(struct transfer_sources *sources)
{
	sd_event_source_unref(sources->end);
	sd_event_source_unref(sources->output);
	free(sources);
}

static void emit_end(struct transfer_child *child, enum transfer_result result)
{
	static const char *const words[] = { [TRANSFER_DONE] = "done",
					     [TRANSFER_CANCELLED] = "canceled",
					     [TRANSFER_FAILED] = "failed" };

	free_sources(child->data);
	emit(child, "TransferRemoved", words[result]);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void) fd, (void) events;
	if (!transfer_child_take_output(data))
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct transfer_child *child = data;
	struct import1 *import1 = import1_of(child);

	(void) source, (void) fd, (void) events;
	transfer_child_take_end(child);
	bus_consider_idle(&import1->bus);
	return 0;
}

static int watch_child(sd_event *event, struct transfer_child *child)
{
	struct transfer_sources *sources = calloc(1, sizeof *sources);
	int r = sources ? sd_event_add_io(event, &sources->output, child->output, EPOLLIN,
					  on_output, child)
			: -ENOMEM;

	if (r >= 0)
		r = sd_event_add_io(event, &sources->end, child->pidfd, EPOLLIN, on_end, child);
	if (r < 0 && sources)
		free_sources(sources);
	else
		child->data = sources;
	return r;
}

int import1_transfer_start(struct import1 *import1, uid_t user,
			   const struct transfer_request *request, uint32_t *id, struct failure *f)
{
	struct transfer_child *child;
	int r;

	if (transfer_child_start(&import1->children, user, request, &child, f) < 0)
		return -1;
	r = watch_child(import1->bus.event, child);
	if (r < 0) {
		transfer_child_drop(child);
		return failure_errno(f, r, "cannot watch the transfer");
	}
	*id = child->id;
	emit(child, "TransferNew", NULL);
	return 0;
}

static int on_progress(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void) source, (void) fd, (void) events;
	transfer_children_take_progress(data);
	return 0;
}

int import1_transfers_watch(struct import1 *import1)
{
	static const struct transfer_events events = { emit_line, emit_progress, emit_end };
	int r = transfer_children_open(&import1->children, &events);

	return r < 0 ? r
		     : sd_event_add_io(import1->bus.event, NULL, import1->children.inotify, EPOLLIN,
				       on_progress, &import1->children);
}
