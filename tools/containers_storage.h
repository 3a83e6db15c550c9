/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where podman keeps what it calls its containers: containers-storage.conf(5).
 * Their ids are in the state that its hooks get, their names are not.
 */
#pragma once

#include "tools/arena.h"

/*
 * The name of the container with this id, whose bundle is below its storage,
 * in the arena. NULL where it isn't found; nothing is said of that.
 */
const char *containers_storage_name(struct arena *arena, const char *bundle, const char *id);
