/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of a line in pam.d(5), as pam_mymachines(8) describes them. Pure:
 * no I/O, no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The management groups of pam.conf(5). Each argument belongs to some of them. */
enum facility {
	FACILITY_ACCOUNT = 1 << 0,
	FACILITY_AUTH = 1 << 1,
	FACILITY_PASSWORD = 1 << 2,
	FACILITY_SESSION = 1 << 3,
};

/* Bytes of one element of a list, with its NUL. */
#define ELEMENT_SIZE 256

/*
 * The values, which point into the array that was parsed; NULL if not given. The
 * elements of lists are separated by commas, and never empty.
 */
struct arguments {
	const char *from;      /* list of globs: glob(7) */
	const char *not_from;  /* likewise */
	const char *classes;   /* list of classes: machine_class_name() */
	const char *users;     /* list of user names */
	const char *groups;    /* list of group names */
	const char *elsewhere; /* "ignore" or "deny" */
	const char *permitted; /* list of user names */
	const char *network;   /* name of a machine */
	bool network_is_optional;
	bool debug;
};

/*
 * Parse arguments. 0, or -EINVAL: `*wrong` is then the argument that isn't allowed
 * on a line of this facility, and `*why` says why.
 */
int arguments_parse(enum facility facility, int argc, const char **argv,
		    struct arguments *arguments, const char **wrong, const char **why);

/* Whether the result depends on where the login comes from. */
bool arguments_ask_for_source(const struct arguments *arguments);

/* Whether it depends on which machine that is. */
bool arguments_name_machines(const struct arguments *arguments);

/* Copy the first element of `*list`, and advance `*list` behind it. Returns false at the end. */
bool list_next(const char **list, char element[static ELEMENT_SIZE]);

/* Whether the list has an element that equals `name`. */
bool list_has(const char *list, const char *name);

/* Whether a glob of the list matches this name of a machine, in upper or lower case. */
bool list_matches(const char *list, const char *machine_name);
