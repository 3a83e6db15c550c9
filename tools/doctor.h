/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mymachines doctor looks at: checks, each of which adds what it finds.
 * A check is a function here, and a row of the table in doctor.c.
 */
#pragma once

#include "registry/snapshot.h"
#include "tools/arena.h"

enum finding_status {
	FINDING_OK,
	FINDING_UNKNOWN, /* it can't be told from here */
	FINDING_HINT,
	FINDING_WARNING,
	FINDING_ERROR, /* the only one that doctor fails with */
};

struct finding {
	const char *check;
	enum finding_status status;
	const char *message;
	const char *remedy; /* a command, or a few words, or NULL */
};

struct doctor {
	struct arena *arena;
	struct snapshot snapshot; /* the registry, if `registry` is 0 */
	int registry;		  /* what opening it said */
	const char *check;	  /* the one that runs: its findings have its name */
	struct finding *findings;
	size_t count;
};

/* Add a finding. The remedy is borrowed until the end. */
void doctor_find(struct doctor *doctor, enum finding_status status, const char *remedy,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Open the registry, again if it was: where what is wrong might be about to be
 * put right, as by the monitor, `wait` for a moment before.
 */
void doctor_open_registry(struct doctor *doctor, bool wait);

/* Whether there is no registry, or an empty one; false where it can't be read. */
bool doctor_has_no_machines(const struct doctor *doctor);

typedef void doctor_check(struct doctor *doctor);

doctor_check check_nsswitch;	/* doctor_nss.c */
doctor_check check_module;	/* doctor_nss.c */
doctor_check check_registry;	/* doctor_registry.c */
doctor_check check_machines;	/* doctor_registry.c */
doctor_check check_monitor;	/* doctor_registry.c */
doctor_check check_exports;	/* doctor_registry.c */
doctor_check check_runtimes;	/* doctor_runtimes.c */
doctor_check check_confinement; /* doctor_confinement.c */
