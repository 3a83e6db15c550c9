/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers that a service starts for its callers: each is a process of mymachines-import, and a child of the
 * service. Nothing here waits. The service watches the descriptors in its own event loop, and calls
 * the functions that take what has come; these tell it of lines, progress and ends.
 */
#pragma once

#include "base/failure.h"
#include "tools/import/transfer.h"
#include "tools/import/transfer_request.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TRANSFER_LINE_SIZE 1024

enum transfer_result { TRANSFER_DONE, TRANSFER_CANCELLED, TRANSFER_FAILED };

struct transfer_children;

struct transfer_child {
	struct transfer_child *next;
	struct transfer_children *children;
	void *data; /* the service's */
	uint32_t id;
	uid_t user; /* for whom it was started */
	char *type, *local, *verify;
	char *remote; /* as it was given, perhaps with a password: it isn't shown */
	pid_t pid;
	int pidfd;	 /* can be read when the process has ended */
	int output;	 /* can be read when it has printed something */
	double progress; /* from 0 to 1, or negative if it isn't known */
	/* A line that isn't complete, and the last one that was: of a failure, it is the reason. */
	char part[TRANSFER_LINE_SIZE], line[TRANSFER_LINE_SIZE];
	size_t part_length;
};

/* Functions of the service, which are called with news of a transfer. */
struct transfer_events {
	/* It has printed a line: without the program's name, and with a priority of syslog(3). */
	void (*line)(struct transfer_child *child, int priority, const char *line);
	void (*progress)(struct transfer_child *child);
	/* It has ended. Its descriptors are closed behind this, and it is freed. */
	void (*end)(struct transfer_child *child, enum transfer_result result);
};

struct transfer_children {
	const struct transfer_events *events;
	struct transfer_child *first;
	int inotify; /* can be read when a transfer has written how far it is */
};

/* Follow how far transfers are. 0 or a negative errno. */
int transfer_children_open(struct transfer_children *children, const struct transfer_events *events)
	__attribute__((nonnull, warn_unused_result));

/*
 * Start a transfer for this user. It goes on when this process ends. 0, or -1 with a failure: FAILURE_BUSY if too
 * many of the user's go on, or of all users' but root's, FAILURE_EXISTS if the same is fetched already, by whomever.
 */
int transfer_child_start(struct transfer_children *children, uid_t user,
			 const struct transfer_request *request, struct transfer_child **child,
			 struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Give it up where it can't be watched: ask the process to stop, and free it. */
void transfer_child_drop(struct transfer_child *child) __attribute__((nonnull));

/* Take what it has printed. False at the end of that: `output` isn't to be watched any more. */
bool transfer_child_take_output(struct transfer_child *child)
	__attribute__((nonnull, warn_unused_result));

/* It has ended: `pidfd` can be read. */
void transfer_child_take_end(struct transfer_child *child) __attribute__((nonnull));

/* `inotify` can be read. */
void transfer_children_take_progress(const struct transfer_children *children)
	__attribute__((nonnull));

/*
 * All transfers of the host, whoever has started them, by id; and the one of an id. All is in the arena. 0, or
 * -1 with a failure: FAILURE_NO_PROCESS if there is none.
 */
int transfer_children_list(const struct transfer_children *children, struct arena *arena,
			   struct transfer **transfers, size_t *count, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
int transfer_children_find(const struct transfer_children *children, struct arena *arena,
			   uint32_t id, struct transfer *transfer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Ask one to stop, whoever has started it. 0, or -1 with a failure: FAILURE_NO_PROCESS if there is none. */
int transfer_children_cancel(const struct transfer_children *children, uint32_t id,
			     struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* A transfer's local or remote end, as callers see it: one that has no name is empty. */
const char *transfer_end_name(const char *end) __attribute__((nonnull));
