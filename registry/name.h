/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machine names, and the user and group names that are made of them.
 * Pure: no I/O, no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a machine name or alias, without and with its NUL. */
#define MACHINE_NAME_MAX  64
#define MACHINE_NAME_SIZE (MACHINE_NAME_MAX + 1)

/* "vu-" NAME "-" 4294967295, with its NUL. */
#define MACHINE_USER_NAME_SIZE (3 + MACHINE_NAME_MAX + 1 + 10 + 1)

#define MACHINE_USER_PREFIX  "vu-"
#define MACHINE_GROUP_PREFIX "vg-"

/* Why a machine may not have a name. */
enum name_verdict {
	NAME_OK,
	NAME_EMPTY,
	NAME_TOO_LONG,	    /* more than MACHINE_NAME_MAX bytes */
	NAME_BAD_CHARACTER, /* not a letter, digit, "-", "_" or "." */
	NAME_BAD_LABEL,	    /* a label that is empty, or has "-" at an end */
	NAME_NUMBER,	    /* an address or a number to some libc: all labels are numbers */
	NAME_RESERVED,	    /* localhost, _gateway, LOCAL, ...: others give it a meaning */
	NAME_TERMINAL,	    /* pam_access(8) takes it for a terminal */
	NAME_THIS_HOST,	    /* this host's own name, or the first label of it */
	NAME_OF_THIS_HOST,  /* a name under it, or that label in another domain */
	NAME_DOTTED,	    /* more than one label, which only root gives */
};

/*
 * Whether a machine may be called `name`. host_name is what gethostname(2)
 * says, or NULL to leave that rule out.
 */
enum name_verdict machine_name_judge(const char *name, const char *host_name);

/*
 * Whether the name is this host's, or would be taken for one of its names:
 * NAME_THIS_HOST or NAME_OF_THIS_HOST, of a name of any length.
 */
bool machine_name_is_hosts(const char *name, const char *host_name);

/* Whether the name is below one of the domains in a list, with blanks or commas between. */
bool machine_name_is_in(const char *name, const char *domains);

/* Whether it may be in a label of a name: a letter, a digit, "-" or "_". */
bool is_name_byte(char byte);

/*
 * Fold a host name, as a program asks for it, into the key in the registry:
 * lower case, without a trailing dot. Returns its length, or 0 if no machine
 * can have that name; `folded` is undefined then.
 */
size_t machine_name_fold(const char *name, char folded[static MACHINE_NAME_SIZE]);

/* Whether two names fold to the same key. */
bool machine_names_equal(const char *a, const char *b);

/*
 * Parse "vu-NAME-N". 0, or -EINVAL if `text` doesn't have that form. NAME keeps
 * its case.
 */
int user_name_parse(const char *text, const char *prefix, char name[static MACHINE_NAME_SIZE],
		    uint32_t *inner);

/* Write an id in decimal. Returns the length without NUL. */
#define ID_TEXT_SIZE (10 + 1)
size_t id_format(char text[static ID_TEXT_SIZE], uint32_t id);

/* The inverse. Returns the length without NUL; text always holds the whole. */
size_t user_name_format(char text[static MACHINE_USER_NAME_SIZE], const char *prefix,
			const char *name, uint32_t inner);
