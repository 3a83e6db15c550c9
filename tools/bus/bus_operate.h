/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods that do something to a machine. Each is a handler of the Manager's, or of both interfaces'. */
#pragma once

#include "tools/bus/bus_lookup.h"

BUS_HANDLER(bus_register_machine);
BUS_HANDLER(bus_register_machine_with_network);
BUS_HANDLER(bus_register_machine_ex);
BUS_HANDLER(bus_create_machine);
BUS_HANDLER(bus_create_machine_with_network);
BUS_HANDLER(bus_create_machine_ex);
BUS_HANDLER(bus_unregister_machine);
BUS_HANDLER(bus_terminate_machine);
BUS_HANDLER(bus_kill_machine);
BUS_HANDLER(bus_open_pty);
BUS_HANDLER(bus_open_login);
BUS_HANDLER(bus_open_shell);
BUS_HANDLER(bus_open_root_directory);
BUS_HANDLER(bus_bind_mount);
BUS_HANDLER(bus_copy_from);
BUS_HANDLER(bus_copy_to);
BUS_HANDLER(bus_copy_from_with_flags);
BUS_HANDLER(bus_copy_to_with_flags);
