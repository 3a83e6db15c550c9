/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By which signals the first process of a container is asked to shut it down. */
#pragma once

#include "registry/record.h"

enum power_action { POWER_OFF, POWER_REBOOT };

/*
 * The signal that this leader understands so: systemd's, busybox's or
 * sysvinit's own where it is one of them; SIGTERM to any other, which can't be
 * asked to reboot. The signal; -EOPNOTSUPP where there is none; -ENOMSG where
 * it doesn't listen to that.
 */
int init_power_signal(const struct machine *machine, enum power_action action);

/* Whether the process would get this signal: it may ignore it, as all inits do by default. */
bool process_listens_to(uint32_t pid, int signal);
