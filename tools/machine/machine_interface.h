/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io.systemd.Machine: the machines for clients of systemd-machined's Varlink
 * interface, with all methods that systemd 261 has. An edge over the registry:
 * it holds no state but the calls that wait. What may take time happens in children.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

extern const struct varlink_interface machine_interface;

/* io.systemd.MachineImage, the images for the same clients, on the same socket. */
extern const struct varlink_interface image_interface;
