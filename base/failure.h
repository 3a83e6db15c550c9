/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reason why an operation failed, as a value: a kind, by which an edge chooses
 * its answer, and words for a person. Nothing below the edges prints.
 *
 * A function that can fail takes a failure as its last argument, fills it once and
 * returns -1. It may pass on a failure that a callee has filled, or put words in
 * front of it with failure_prefix(). Nothing here allocates memory.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

/* The kinds that edges map to exit statuses, D-Bus errors and Varlink errors. */
enum failure_kind {
	FAILURE_NONE,		    /* nothing has failed yet */
	FAILURE_OTHER,		    /* none of these; failure.error may be more precise */
	FAILURE_INVALID,	    /* an argument or a document isn't valid */
	FAILURE_NO_MACHINE,	    /* no machine of this name, alias or pid */
	FAILURE_NO_IMAGE,	    /* no image of this name */
	FAILURE_EXISTS,		    /* a name or leader is another machine's already */
	FAILURE_NO_PROCESS,	    /* no such process */
	FAILURE_NO_SUCH_FILE,	    /* no such file or directory */
	FAILURE_NOT_PERMITTED,	    /* needs root or a capability */
	FAILURE_NOT_SUPPORTED,	    /* this machine, or this kernel, can't do it */
	FAILURE_BUSY,		    /* somebody else uses it: a lock, a mount */
	FAILURE_TIMED_OUT,	    /* it did not happen in time */
	FAILURE_GONE,		    /* the machine's leader has died */
	FAILURE_PAUSED,		    /* the machine is paused */
	FAILURE_ELSEWHERE,	    /* registered in another pid or time namespace */
	FAILURE_NO_PRIVATE_NETWORK, /* the machine has the host's network */
	FAILURE_NO_SYSTEM,	    /* no operating system's files in it */
	FAILURE_NO_MAPPING,	    /* no such id in a map */
	FAILURE_NO_SPACE,	    /* of a file system or a quota */
	FAILURE_NO_MEMORY,
	FAILURE_DAMAGED,	/* a registry that can't be read or trusted */
	FAILURE_USAGE,		/* a command line isn't valid */
	FAILURE_NO_PROGRAM,	/* a program that is needed isn't installed */
	FAILURE_NOT_EXECUTABLE, /* the program exists, but can't be executed */
	FAILURE_NO_USER,	/* no such user in a machine */
	FAILURE_NO_AGENT,	/* a person would have to permit it, and can't be asked */
	FAILURE_TOO_MANY,	/* more at once than one user may have */
	FAILURE_NOT_OWN,	/* a machine isn't its user's own, so the user needs permission */
};

#define FAILURE_KIND_LAST FAILURE_NOT_OWN

/* Longer texts are cut and end in "...". */
#define FAILURE_TEXT_SIZE 2048

struct failure {
	enum failure_kind kind;
	int error; /* the negative errno behind it, or 0 */
	char text[FAILURE_TEXT_SIZE];
};

/* Fill a failure with a kind and words. Returns -1. */
int failure_set(struct failure *failure, enum failure_kind kind, const char *format, ...)
	__attribute__((nonnull, format(printf, 3, 4)));

/*
 * Fill a failure with words, ": " and the text of a negative errno, which also
 * gives the kind. Returns -1.
 */
int failure_errno(struct failure *failure, int error, const char *format, ...)
	__attribute__((nonnull, format(printf, 3, 4)));

/* Put words and ": " in front of the text: "web1: cannot ...". Returns -1. */
int failure_prefix(struct failure *failure, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

/* The kind of a negative errno about which nothing more is known. */
enum failure_kind failure_kind_of(int error) __attribute__((const));
