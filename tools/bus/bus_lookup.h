/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods that look something up. Each is a handler of the Manager's, or of both interfaces'. */
#pragma once

#include <systemd/sd-bus.h>

#define BUS_HANDLER(name) int name(sd_bus_message *call, void *userdata, sd_bus_error *error)

BUS_HANDLER(bus_get_machine);
BUS_HANDLER(bus_get_machine_by_pid);
BUS_HANDLER(bus_list_machines);
BUS_HANDLER(bus_get_addresses);
BUS_HANDLER(bus_get_os_release);
BUS_HANDLER(bus_get_uid_shift);
BUS_HANDLER(bus_get_ssh_info);
BUS_HANDLER(bus_map_from_user);
BUS_HANDLER(bus_map_from_group);
BUS_HANDLER(bus_map_to_user);
BUS_HANDLER(bus_map_to_group);
