/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libsystemd reads: /run/systemd/machines/NAME, a state file for each
 * machine, and the links unit:UNIT to NAME. The registry is the truth, this
 * follows it; what others put there is left alone.
 */
#pragma once

#include "registry/writer.h"

/*
 * Bring the directory up to date with the registry, under the writer's lock,
 * after writer_publish(). What can't be done is said, and tried again at the
 * next call; the registry has all of it anyway.
 */
void exports_update(const struct writer *writer);
