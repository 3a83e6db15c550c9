/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files inside a container, as its leader sees them. Somebody else wrote them:
 * links never lead out of the machine's root, only plain files are opened from
 * outside, and reading is bounded. host/file_reader.h adds a deadline. All
 * functions return a negative errno on failure.
 */
#pragma once

#include "registry/file.h"
#include "registry/record.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/types.h>

/* Open a process's root directory with O_PATH, for whoever makes sure whose pid it is. */
int process_root_open(uint32_t pid);

/*
 * Open the machine's root directory with O_PATH. It is the leader's, even if the
 * leader dies right afterwards. -EOPNOTSUPP for a VM, whose files the host doesn't
 * see; or an error of leader_open().
 */
int machine_root_open(const struct machine *machine, const struct pid_context *context);

/* Whether it is the caller's root directory, so that the machine has all files of the host. */
bool machine_root_is_hosts(int root);

/* The root for a visitor, whose root directory is the machine's. */
#define VISITOR_ROOT AT_FDCWD

/*
 * Open a path below the root without waiting. From outside, `flags` must have
 * O_PATH; a visitor may use any flags of open(2), because a device does no more to
 * it than to the machine. Links are followed within the machine. -ELOOP for a link
 * of /proc, which may lead anywhere.
 */
int machine_path_open(int root, const char *path, int flags);

/*
 * Read a plain file of less than `size` bytes from outside, and put a NUL behind.
 * Returns its length; -EFBIG if it is larger; -EISDIR or -ENXIO if it is something
 * else. Files of the kernel count as empty, because reading them may change
 * something.
 */
ssize_t machine_file_read(int root, const char *path, char *text, size_t size);

/* Read the first `size` bytes of one, of any size. Returns how many, or the same errors. */
ssize_t machine_file_read_head(int root, const char *path, void *bytes, size_t size);
