/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files inside a container, as its leader sees them. They are a stranger's:
 * no link leads out of the machine's root, nothing is opened that isn't a
 * plain file, and what is read is bounded. All return a negative errno on
 * failure.
 */
#pragma once

#include "registry/file.h"
#include "registry/record.h"

#include <sys/types.h>

/*
 * The root directory of the machine, a new O_PATH descriptor: it is the
 * leader's, also if that dies right after. -EOPNOTSUPP for a VM, whose files
 * the host doesn't see; or an error of leader_open().
 */
int machine_root_open(const struct machine *machine, const struct registry_origin *origin);

/*
 * A new descriptor of a path in there, with O_PATH or other flags of open(2),
 * and not waiting for anything. With those, it is a plain file: -EISDIR,
 * -ENXIO otherwise. -ELOOP for a link of /proc's, which leads anywhere.
 */
int machine_file_open(int root, const char *path, int flags);

/*
 * Read a file of less than `size` bytes, and put a NUL behind. Returns its
 * length; -EFBIG if it has more. Files of the kernel's, which reading may
 * change, are empty.
 */
ssize_t machine_file_read(int root, const char *path, char *text, size_t size);
