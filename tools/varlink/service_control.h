/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.systemd.service, which each socket answers: whether it is there, and what it logs. */
#pragma once

#include "tools/varlink/varlink_server.h"

extern const struct varlink_interface service_control_interface;
