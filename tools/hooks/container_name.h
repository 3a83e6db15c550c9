/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The name that people know a container by, where its OCI runtime only knows an
 * id. Container managers keep it in files of their own; some set annotations.
 * Annotations that an image could have as well don't count here.
 */
#pragma once

#include "base/arena.h"

#include <json-c/json.h>

/*
 * Returns the name of the container with this id, in the arena, or NULL if it
 * isn't found. The manager is recognised by where the bundle is: podman,
 * CRI-O, Docker, nerdctl, Kubernetes with containerd.
 */
const char *container_name(struct arena *arena, json_object *annotations, const char *bundle,
			   const char *id);
