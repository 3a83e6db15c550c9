/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names on the system bus that programs of ours answer, and the texts of the files by which the bus, systemd and
 * polkit know these programs.
 */
#pragma once

#include "base/arena.h"

/* Each of the files contains it. */
#define BUS_FILES_MARK "Written by 'mymachines setup'."

struct bus_members;
struct bus_action;

struct bus_target {
	const char *name;    /* on the bus */
	const char *program; /* that answers: host/machine1.h */
	const char *unit, *description;
	const char *stock_unit, *bus_unit; /* names of systemd's for what answers */
	const char *stock_program;
	/* A socket unit of systemd's that starts its service, and ours for the same path; or NULL. */
	const char *stock_socket, *socket;
	const char *policy, *activation; /* paths of files */
	const char *actions, *stock_actions;
	const struct bus_members *members; /* what anybody may send */
	const struct bus_action *known_actions;
};

extern const struct bus_target bus_machine1, bus_import1;

/* The bus's policy: dbus-daemon(1). All in the arena. */
char *bus_policy_text(struct arena *arena, const struct bus_target *target)
	__attribute__((nonnull));

/* The activation file: which program the bus starts, or which unit where systemd runs. */
char *bus_activation_text(struct arena *arena, const struct bus_target *target, const char *program)
	__attribute__((nonnull));

/* The unit of systemd. */
char *bus_unit_text(struct arena *arena, const struct bus_target *target, const char *program)
	__attribute__((nonnull));

/* Actions of polkit that the installed ones, which may be NULL, lack; NULL if they lack none. */
char *bus_actions_text(struct arena *arena, const struct bus_target *target, const char *installed)
	__attribute__((nonnull(1, 2)));
