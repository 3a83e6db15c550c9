/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of the files by which the system bus, systemd and polkit know mymachines-bus. */
#pragma once

#include "base/arena.h"

/* Each of them contains it. */
#define BUS_FILES_MARK "Written by 'mymachines setup'."

/* Who may send what: dbus-daemon(1). All in the arena. */
char *bus_policy_text(struct arena *arena) __attribute__((nonnull));

/* What the bus starts when somebody asks, by systemd where that runs. */
char *bus_activation_text(struct arena *arena, const char *program) __attribute__((nonnull));

/* The unit of systemd. */
char *bus_unit_text(struct arena *arena, const char *program) __attribute__((nonnull));

/* Actions of polkit that the installed ones, which may be NULL, lack; NULL if they lack none. */
char *bus_actions_text(struct arena *arena, const char *installed) __attribute__((nonnull(1)));
