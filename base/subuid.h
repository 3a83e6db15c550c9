/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom a process counts for. A user who has subordinate ids (subuid(5)) can be any of
 * them, so that a bound for each uid would be none.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define SUBUID_PATH "/etc/subuid"

/*
 * One id for all that a user has by this file: the first one that it gives the user. Another uid,
 * which the file gives nobody or root, is itself, and so is root's own.
 */
uid_t subuid_owner(const char *path, uid_t uid) __attribute__((nonnull));
