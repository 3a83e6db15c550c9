/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io.systemd.UserDatabase: the users and groups of machines for clients of
 * systemd's user database (systemd.io/USER_GROUP_API, USER_RECORD). It answers
 * each look-up of an unknown user on the host, so it reads the published
 * registry and nothing else: no lock, no program, no bus, no name service.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

extern const struct varlink_interface user_database_interface;
