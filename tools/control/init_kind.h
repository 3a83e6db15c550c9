/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which signal asks the first process of a container to shut it down. */
#pragma once

#include "registry/record.h"

enum power_action { POWER_OFF, POWER_REBOOT };

/*
 * The signal that this leader understands: the given one; that of systemd's, busybox's or
 * sysvinit's init if it is one of these; otherwise SIGTERM, and none to reboot. The
 * signal; -EOPNOTSUPP if there is none; -ENOMSG if it ignores that signal.
 */
int init_power_signal(const struct machine *machine, enum power_action action);

/*
 * The signal that machinectl(1) sends, SIGRTMIN+4 or SIGINT, unless one was given or the
 * init is known to understand another one.
 */
int init_usual_signal(const struct machine *machine, enum power_action action);
