/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transfer that a call has started: the process that does it, what it prints, and how far it is. */
#pragma once

#include "base/failure.h"
#include "tools/bus/import1.h"
#include "tools/import/transfer.h"

#include <stdint.h>
#include <sys/types.h>

/* A call's request. */
struct import1_request {
	const char *type;   /* the verb of mymachines-import */
	const char *local;  /* the image; of one that fetches, empty: only what is kept */
	const char *remote; /* of one that fetches: the address; else NULL */
	const char *verify; /* of one that fetches; else NULL */
	const char *format; /* of one that exports; else NULL */
	bool force, read_only, keeps_download;
	int fd; /* of one that fetches -1; else what is read, or written */
	bool is_export;
};

/* Follow how far they are. 0 or a negative errno. */
int import1_transfers_watch(struct import1 *import1) __attribute__((nonnull));

/*
 * Start one for this user, and tell the bus. 0, or -1 with a failure: FAILURE_BUSY if too many of the user's
 * go on, FAILURE_EXISTS if the same is fetched already.
 */
int import1_transfer_start(struct import1 *import1, uid_t user,
			   const struct import1_request *request, uint32_t *id,
			   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * All that go on, whoever has started them, by id; and the one of an id. All is in the arena. 0, or -1 with a
 * failure: FAILURE_NO_PROCESS if there is none.
 */
int import1_transfer_list(const struct import1 *import1, struct arena *arena,
			  struct transfer **transfers, size_t *count, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
int import1_transfer_read(const struct import1 *import1, struct arena *arena, uint32_t id,
			  struct transfer *transfer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Ask one to stop, whoever has started it. 0, or -1 with a failure: FAILURE_NO_PROCESS if there is none. */
int import1_transfer_cancel(const struct import1 *import1, uint32_t id, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
