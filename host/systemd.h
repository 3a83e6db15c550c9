/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd and systemd-machined on this host. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "host/cgroup.h"

#include <stdbool.h>
#include <sys/types.h>

/* Whether systemd is the host's init: sd_booted(3). */
bool systemd_is_running(void);

/* The pid of systemd-machined if it runs as a unit of systemd, or 0. */
pid_t machined_pid(void);

/* The first process of a service of the system, by its unit. 0 if it doesn't run, or systemd doesn't. */
pid_t system_service_pid(const char *unit);

/* Have systemd stop a unit. This doesn't wait until it has stopped. */
int systemd_stop_unit(struct arena *arena, const char *unit, struct failure *f);

/* Take the job of a unit that hasn't begun yet out of systemd's queue. 0, or -1 with a failure. */
int systemd_cancel_job(struct arena *arena, const char *unit, struct failure *f);

/* Whether systemd-machined runs, so that /run/systemd/machines is its own. Doesn't start it. */
bool machined_is_running(void);
