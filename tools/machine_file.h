/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files inside a container, as its leader sees them. They are a stranger's:
 * no link leads out of the machine's root, nothing is opened from outside that
 * isn't a plain file, and what is read is bounded. All return a negative errno on
 * failure.
 */
#pragma once

#include "registry/file.h"
#include "registry/record.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * The root directory of the machine, a new O_PATH descriptor: it is the
 * leader's, also if that dies right after. -EOPNOTSUPP for a VM, whose files
 * the host doesn't see; or an error of leader_open().
 */
int machine_root_open(const struct machine *machine, const struct registry_origin *origin);

/* Whether it is the caller's own: a machine that has all files of the host. */
bool machine_root_is_hosts(int root);

/* For a visitor (entrance.h), whose root directory is the machine's. */
#define VISITOR_ROOT AT_FDCWD

/*
 * A new descriptor of a path in there, not waiting for anything: with O_PATH, or for a
 * visitor, to whom no device does more than to the machine, with any flags of open(2).
 * Links are followed to where they lead in there; -ELOOP for one of /proc's, which leads
 * anywhere.
 */
int machine_path_open(int root, const char *path, int flags);

/* The same with other flags, from outside, of a plain file: -EISDIR, -ENXIO otherwise. */
int machine_file_open(int root, const char *path, int flags);

/*
 * Read a file of less than `size` bytes, and put a NUL behind. Returns its
 * length; -EFBIG if it has more. Files of the kernel's, which reading may
 * change, are empty.
 */
ssize_t machine_file_read(int root, const char *path, char *text, size_t size);
