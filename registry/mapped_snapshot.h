/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the registry for programs of our own. Plug-ins don't link this. */
#pragma once

#include "registry/snapshot.h"

/*
 * Open the registry at `path` and map its pages. Machines that are looked up
 * are good until the snapshot is closed. 0 or an error of registry/file.h; the
 * snapshot isn't open then.
 */
int snapshot_open(struct snapshot *snapshot, const char *path);
