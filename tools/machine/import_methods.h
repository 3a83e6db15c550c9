/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of io.systemd.Import. */
#pragma once

#include "tools/varlink/varlink_server.h"

varlink_handler answer_list_transfers;
varlink_handler answer_pull;
