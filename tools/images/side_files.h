/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that belong to an image by their names: settings of systemd.nspawn(5), hashes for
 * dm-verity, the state of a VM's TPM and firmware. They go with it. `directory` is the one that
 * the image is in; settings are in systemd's directories, too.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"

#include <stdbool.h>

/* Where systemd-nspawn(1) trusts settings, unlike those beside the image. */
#define NSPAWN_SETTINGS_DIRECTORY "/etc/systemd/nspawn"

/* Remove all of an image. 0, or -1 with a failure. */
int side_files_remove(int directory, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Remove those that tell what the image consists of, when another has replaced it. */
void side_files_remove_checks(int directory, const char *name) __attribute__((nonnull));

/*
 * Give files of an image second names, as it will get another one: so they are there whenever
 * that is. 0, or -1 with a failure, FAILURE_EXISTS if another file has such a name; then nothing
 * has changed.
 */
int side_files_link(int directory, const char *name, const char *new_name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Take the second names away again. */
void side_files_unlink(int directory, const char *name, const char *new_name)
	__attribute__((nonnull));

/* The image has its new name: take away the former names of its files. 0, or -1 with a failure. */
int side_files_move(int directory, const char *name, const char *new_name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether a file of this name belongs to an image of another name. */
bool side_files_has(const char *file) __attribute__((nonnull));

/*
 * Copy those of an image for a clone of it in the pool; but not the state of its TPM and
 * firmware, as no two machines have the same. What is there already stays, with a warning. 0, or
 * -1 with a failure.
 */
int side_files_copy(int directory, const char *name, int pool, const char *new_name,
		    struct notices *notices, struct failure *failure)
	__attribute__((nonnull(2, 4, 6), warn_unused_result));
