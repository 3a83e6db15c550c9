/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/verb_session.h"

#include "base/cleanup.h"
#include "base/signals.h"
#include "tools/messages/message.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/verb.h"
#include "tools/verbs/verb_entrance.h"

#include <stdlib.h>

/* The statuses of shells for programs that they can't execute. */
static int failure_status(const struct failure *failure)
{
	/* machinectl(1) has one status for all failures. */
	if (is_machinectl())
		return EXIT_FAILURE;
	switch (failure->kind) {
	case FAILURE_NO_PROGRAM: return EXIT_NOT_FOUND;
	case FAILURE_NOT_EXECUTABLE: return EXIT_NOT_EXECUTABLE;
	default: return EXIT_FAILURE;
	}
}

int verb_session_run(const char *machine, const struct machine_session *session)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	struct machine_session_result result;
	struct notices notices = verb_notices();
	struct failure failure;

	if (verb_entrance_open(machine, NULL, &entrance, &failure) < 0 ||
	    machine_session_run(session, &entrance, &result, &notices, &failure) < 0) {
		report(&failure);
		return failure_status(&failure);
	}
	if (result.signal_number)
		return signal_raise_default(result.signal_number);
	return is_machinectl() ? EXIT_SUCCESS : result.status;
}
