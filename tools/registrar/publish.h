/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publishing a change of the registry, and what follows one: exports, and scopes that are now empty. */
#pragma once

#include "base/notices.h"
#include "registry/writer.h"

/* Open the registry for a change. 0 or -1; the writer is to be closed after both. */
int open_registry_writer(struct writer *writer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The registry is published, but a fact couldn't be read or an export couldn't be written: retry. */
#define PUBLISHED_INCOMPLETE 1

/*
 * Publish the change, and do what follows it. 0; PUBLISHED_INCOMPLETE, with
 * the reason among the notices; or -1 with a failure, and nothing is published.
 * If it is published, the writer is closed, and the lock released.
 */
int publish(struct writer *writer, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 3), warn_unused_result));
