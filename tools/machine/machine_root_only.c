/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* If this was built without libsystemd, it can't ask polkit: only root may call. */
#include "tools/machine/machine_polkit.h"

int machine_authorize(const struct machine_question *q, struct failure *f)
{
	if (q->peer.uid == 0)
		return 0;
	return failure_set(f, FAILURE_NOT_PERMITTED, "only root may do this");
}
