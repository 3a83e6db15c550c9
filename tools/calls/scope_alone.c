/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scope of a machine's own, where this was built without libsystemd, and so can't ask systemd for one. */
#include "tools/calls/register_work.h"
#include "tools/calls/scope_work.h"

int scope_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct scope_work *work = argument;

	return register_work(work->request, result, f);
}
