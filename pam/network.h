/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Entering a machine's network namespace, and leaving it: setns(2). No other
 * namespace is entered.
 */
#pragma once

#include "base/file_identity.h"
#include "registry/file.h"
#include "registry/record.h"

struct network_visit {
	struct file_identity home;
	struct file_identity there;
};

/*
 * Move the calling thread, and so the processes that it starts afterwards, into
 * the leader's network namespace. No descriptor stays open. If `visit` isn't all
 * zero, it has entered one already, and its home stays.
 *
 * 0; -ESRCH if the leader has died; -EXDEV if the registry is of another pid
 * namespace; -ENONET if the machine has the host's network, or that can't be ruled
 * out; or another negative errno: -EPERM without privilege.
 */
int network_enter(const struct machine_leader *leader, const struct pid_context *context,
		  struct network_visit *visit);

/*
 * Return to the home namespace, if it is that of process 1 or of the parent
 * process. Does nothing if the calling thread isn't in the namespace that was
 * entered. 0; -ENOENT if it isn't found; or another negative errno.
 */
int network_leave(const struct network_visit *visit);

/* The words for an error of these functions: "it isn't running". */
const char *network_error_words(int error);
