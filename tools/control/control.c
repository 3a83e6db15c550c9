/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/control.h"

#include "base/cleanup.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "tools/control/qmp.h"

#include <errno.h>

int machine_control(struct snapshot *snapshot, const struct machine *m, const char *command,
		    const char *what, struct failure *f)
{
	/*
	 * Once this VM has died, another one may have a socket at the same path. SO_PEERCRED doesn't tell
	 * whose it is: libvirt makes the socket, and hands it to the emulator.
	 */
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.context);
	int r;

	if (pidfd < 0)
		return machine_failure(f, m, what, pidfd);
	if (!m->control)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: cannot %s: it is a VM, and has no control socket; "
				   "see register --control",
				   m->name, what);
	r = qmp_execute(m->control, pidfd, command);
	if (r == -ESRCH)
		return machine_failure(f, m, what, r);
	if (r == -ETIMEDOUT)
		return failure_set(f, FAILURE_TIMED_OUT,
				   "%s: cannot %s: %s doesn't answer; is another program "
				   "connected to it?",
				   m->name, what, m->control);
	if (r == -EREMOTEIO)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: cannot %s: its emulator refuses to", m->name, what);
	return r < 0 ? failure_errno(f, r, "%s: cannot %s: %s", m->name, what, m->control) : 0;
}
