/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images as JSON. The fields are those of Varlink's io.systemd.MachineImage interface, as far as
 * it has them; mymachines-json(7) lists all.
 */
#pragma once

#include "tools/images/image.h"

#include <json-c/json.h>

/* Returns a new object, which the caller releases. */
json_object *json_from_image(const struct image *image);
