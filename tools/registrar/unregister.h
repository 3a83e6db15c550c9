/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing machines from the registry. The machines themselves go on. */
#pragma once

#include "base/notices.h"
#include "registry/writer.h"
#include "tools/registrar/claims.h"

/*
 * Unregister those of the machines that are still registered, with one
 * publication. 0, also where somebody else was quicker, or -1 with a failure.
 */
int unregister_machines(const struct machine_identity *machines, size_t count,
			struct notices *notices, struct failure *failure)
	__attribute__((nonnull(4), warn_unused_result));
