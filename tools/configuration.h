/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines.conf(5): what an admin has set for the tools. The modules read none. */
#pragma once

#include <stdbool.h>

#define CONFIGURATION_PATH SYSCONFDIR "/mymachines.conf"

struct configuration {
	bool exports; /* Exports=: write what libsystemd reads */
	bool monitor; /* Monitor=: register starts the monitor */
};

/*
 * Read it. What isn't set, or is set wrong, which is said, is as this was
 * configured to be. Read once.
 */
struct configuration configuration_read(void);
