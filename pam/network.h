/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Into a machine's network namespace and back, and into no other: setns(2), namespaces(7). */
#pragma once

#include "registry/file.h"
#include "registry/record.h"

#include <sys/types.h>

struct namespace_identity {
	dev_t device;
	ino_t inode;
};

struct network_visit {
	struct namespace_identity home;
	struct namespace_identity there;
};

/*
 * Move the calling thread, and with it the processes that it starts from then
 * on, into the leader's. No descriptor stays open. A visit that goes on from
 * `visit`, all zero for a first one, keeps its home.
 *
 * 0, or
 * -ESRCH   the leader doesn't run
 * -EXDEV   `origin`, that of the registry, is of another pid namespace
 * -ENONET  it has the host's, and none of its own, as far as can be told
 * or what a system call says: -EPERM to those that may not.
 */
int network_enter(const struct machine_leader *leader, const struct registry_origin *origin,
		  struct network_visit *visit);

/*
 * Go home, where that can be found: it is the namespace of the host's init or
 * of this process's parent. Does nothing if the calling thread isn't where the
 * visit led, or there was none. 0, -ENOENT, or what a system call says.
 */
int network_leave(const struct network_visit *visit);

/* "it isn't running" */
const char *network_error_words(int error);
