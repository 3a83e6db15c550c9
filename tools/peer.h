/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Service managers of the host that know machines, too. */
#pragma once

#include "registry/cgroup.h"

#include <stdbool.h>

/* Whether systemd is the host's init: sd_booted(3). */
bool systemd_is_running(void);

/* Whether systemd-machined runs, and has /run/systemd/machines for itself. Doesn't wake it. */
bool peer_is_running(void);
