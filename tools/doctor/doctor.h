/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether all is set up so that the host's programs see its machines. A check
 * is a function here and a row of the table in doctor.c; it adds findings.
 */
#pragma once

#include "base/arena.h"
#include "registry/mapped_snapshot.h"

enum finding_status {
	FINDING_OK,
	FINDING_UNKNOWN, /* it can't be determined from here */
	FINDING_HINT,
	FINDING_WARNING,
	FINDING_ERROR, /* the only one that makes the verb fail */
};

struct finding {
	const char *check;
	enum finding_status status;
	const char *message;
	const char *remedy; /* how to fix it: a command, or a few words, or NULL */
};

struct doctor {
	struct arena *arena;
	struct snapshot snapshot; /* of the registry, if `registry` is 0 */
	int registry;		  /* what snapshot_open() returned */
	const char *check;	  /* the one that runs */
	struct finding *findings; /* in the arena */
	size_t count;
};

/* Run all checks. The findings are in the arena. */
void doctor_examine(struct doctor *doctor, struct arena *arena) __attribute__((nonnull));

/* Whether a finding is an error. */
bool doctor_found_errors(const struct doctor *doctor) __attribute__((nonnull));

/* For a check: add a finding. The remedy must live as long as the arena. */
void doctor_find(struct doctor *doctor, enum finding_status status, const char *remedy,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Open the registry, or open it again. With `wait`, wait for a moment before:
 * the monitor may be about to correct what is wrong.
 */
void doctor_open_registry(struct doctor *doctor, bool wait);

/* Whether there is no registry, or an empty one; false if it can't be read. */
bool doctor_has_no_machines(const struct doctor *doctor);

/* Whether mymachines-bus is set up to answer org.freedesktop.machine1. */
bool doctor_bus_is_set_up(const struct doctor *doctor) __attribute__((nonnull));

/* Whether mymachines-varlink answers at the socket where machines are registered. Asks there. */
bool doctor_varlink_registers(void);

typedef void doctor_check(struct doctor *doctor);

doctor_check check_nsswitch;	/* doctor_nss.c */
doctor_check check_module;	/* doctor_nss.c */
doctor_check check_cache;	/* doctor_nss.c */
doctor_check check_registry;	/* doctor_registry.c */
doctor_check check_machines;	/* doctor_registry.c */
doctor_check check_monitor;	/* doctor_registry.c */
doctor_check check_exports;	/* doctor_registry.c */
doctor_check check_lxc;		/* doctor_lxc.c */
doctor_check check_runtimes;	/* doctor_runtimes.c */
doctor_check check_bus;		/* doctor_bus.c */
doctor_check check_varlink;	/* doctor_varlink.c */
doctor_check check_confinement; /* doctor_confinement.c */
