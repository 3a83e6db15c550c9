/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control.h"

#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/qmp.h"

#include <errno.h>
#include <string.h>

int control_machine(struct snapshot *snapshot, const struct machine *m, const char *command,
		    const char *what)
{
	/* Another VM may have the path by the time that this one has died. */
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.origin);
	int r = pidfd;

	if (r >= 0 && !m->control) {
		complain("%s: cannot %s: it is a VM, and has no control socket; "
			 "see register --control",
			 m->name, what);
		return -1;
	}
	if (r >= 0)
		r = qmp_execute(m->control, command);
	if (r == -ETIMEDOUT)
		complain("%s: cannot %s: %s doesn't answer; is somebody else connected to it?",
			 m->name, what, m->control);
	else if (r == -EREMOTEIO)
		complain("%s: cannot %s: its emulator refuses to", m->name, what);
	else if (r < 0 && m->control && pidfd >= 0)
		complain("%s: cannot %s: %s: %s", m->name, what, m->control, strerror(-r));
	else if (r < 0)
		complain_operation(m, what, r);
	return r < 0 ? -1 : 0;
}
