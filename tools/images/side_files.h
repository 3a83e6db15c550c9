/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that belong to an image by their names: settings of systemd.nspawn(5), hashes for dm-
 * verity, the state of a VM's TPM and firmware. They are renamed and removed with it. `directory`
 * is the image's; settings may also be in systemd's directories.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"

#include <stdbool.h>

/* systemd-nspawn(1) trusts settings in these directories, but not those beside the image. */
#define NSPAWN_SETTINGS_DIRECTORY "/etc/systemd/nspawn"

/* Remove all side files of an image. 0, or -1 with a failure. */
int side_files_remove(int directory, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Remove the side files that describe an image's contents, after another image has replaced it. */
void side_files_remove_checks(int directory, const char *name) __attribute__((nonnull));

/*
 * Give the files of an image second names before it is renamed, so that they exist under both. 0,
 * or -1 with a failure: FAILURE_EXISTS if another file has such a name; then nothing has changed.
 */
int side_files_link(int directory, const char *name, const char *new_name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Remove the second names again. */
void side_files_unlink(int directory, const char *name, const char *new_name)
	__attribute__((nonnull));

/* After the image was renamed, remove the old names of its files. 0, or -1 with a failure. */
int side_files_move(int directory, const char *name, const char *new_name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether a file of this name belongs to an image of another name. */
bool side_files_has(const char *file) __attribute__((nonnull));

/*
 * Copy an image's files for its clone in the pool, except for the state of its TPM and firmware,
 * which belongs to one machine. Existing files stay, with a warning. 0, or -1 with a failure.
 */
int side_files_copy(int directory, const char *name, int pool, const char *new_name,
		    struct notices *notices, struct failure *failure)
	__attribute__((nonnull(2, 4, 6), warn_unused_result));
