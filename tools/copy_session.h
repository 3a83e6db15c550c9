/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying between the host and a machine: one half here, the other a visitor in there. */
#pragma once

#include <stdbool.h>

struct copy_session {
	const char *machine;
	bool to_machine; /* or from it */
	const char *here, *there;
	bool replace;
	bool is_quiet;
};

/* Returns an exit status; what is wrong has been said. A signal that ended it is raised again. */
int copy_session_run(const struct copy_session *session);
