/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a session in a machine: what shell and login share. */
#pragma once

#include "tools/enter/machine_session.h"

#include <stdbool.h>

/* Returns the program's exit status; as machinectl, 0 once it has run. */
int verb_session_run(const char *machine, const struct machine_session *session);
