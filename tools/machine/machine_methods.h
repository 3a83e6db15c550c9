/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of io.systemd.Machine. */
#pragma once

#include "tools/varlink/varlink_server.h"

varlink_handler answer_register;
varlink_handler answer_unregister;
varlink_handler answer_terminate;
varlink_handler answer_kill;
varlink_handler answer_list;
varlink_handler answer_open;
varlink_handler answer_map_from;
varlink_handler answer_map_to;
varlink_handler answer_bind_mount;
varlink_handler answer_copy_from;
varlink_handler answer_copy_to;
varlink_handler answer_open_root_directory;
