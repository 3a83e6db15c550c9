/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Words for people: everything that the tools say on stderr. Names of things
 * that are wrong are shown with control bytes escaped.
 */
#pragma once

#include "registry/name.h"
#include "registry/process.h"
#include "registry/register.h"
#include "registry/words.h"

#include <stdbool.h>

/* One line, after the program's name: "mymachines: ". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * From here on, as fits a daemon: what was said less than a minute ago isn't
 * said again, and with `to_syslog` all goes to syslog(3).
 */
void complain_as_daemon(bool to_syslog);

/* From here on, all goes to syslog(3) as well: who started this may not keep our stderr. */
void complain_to_syslog_too(void);

/*
 * After a wrong option or argument of a verb, or NULL, when it was said what: how to get
 * help. Returns 1.
 */
int complain_usage(const char *verb);

/* registry_error_words(), and those of what only a writer runs into. */
const char *error_words(int error);

/* Say why the registry at `path` can't be read or written, and what to do. */
void complain_registry(const char *path, int error);

/* "is an address or a number" */
const char *name_words(enum name_verdict verdict);

/* "is a zombie" */
const char *leader_words(enum leader_verdict verdict);

/* Say what a registration ran into. `subject` comes first. */
void complain_conflict(const char *subject, const struct register_conflict *conflict);
