/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Live processes that lead machines, for the programs that test with Check. */
#pragma once

#include "registry/record.h"

/* A live process, killed at the end, and who it is. */
struct machine_leader start_leader(void);

/* Kill it, and wait until nothing of it is left. */
void kill_leader(const struct machine_leader *leader);
