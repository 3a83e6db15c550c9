/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_refused.h"

#include "tools/calls/refused.h"
#include "tools/varlink/varlink_connection.h"

#include <stdio.h>

static struct refused refused;

/* Its inode or start time tells a process from a later one with its pid. */
static void describe_caller(const struct varlink_call *call, char text[static REFUSED_CLIENT_SIZE])
{
	snprintf(text, REFUSED_CLIENT_SIZE, "%d %llu", (int) call->peer.pid,
		 (unsigned long long) (call->peer_inode ? call->peer_inode : call->peer_start));
}

void machine_refused_note(const struct varlink_call *call, const char *name)
{
	char caller[REFUSED_CLIENT_SIZE];

	describe_caller(call, caller);
	refused_note(&refused, call->connection->user, caller, name);
}

bool machine_refused_forget(const struct varlink_call *call, const char *name)
{
	char caller[REFUSED_CLIENT_SIZE];

	describe_caller(call, caller);
	return refused_forget(&refused, caller, name);
}
