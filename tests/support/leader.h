/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Live processes as leaders of machines, for the test programs with Check. */
#pragma once

#include "registry/record.h"

/* Start a process that is killed at the end. Returns it as a registrar records it. */
struct machine_leader start_leader(void);

/* Kill the process, and wait until its pid is free. */
void kill_leader(const struct machine_leader *leader);
