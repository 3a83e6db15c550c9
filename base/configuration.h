/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines.conf(5): the administrator's settings for the tools. The modules read no settings. */
#pragma once

#include "base/notices.h"

#include <stdbool.h>

#define CONFIGURATION_PATH SYSCONFDIR "/mymachines.conf"

/* Bytes of the value of a setting, with its NUL. */
#define SETTING_SIZE 1024

struct configuration {
	bool exports; /* Exports=: write what libsystemd reads */
	bool monitor; /* Monitor=: register starts the monitor */
	bool varlink; /* Varlink=: the monitor holds sockets where no systemd does */
	char domains
		[SETTING_SIZE]; /* Domains=: in these, names of machines may come from runtimes */
};

/*
 * The settings. A setting that is missing or invalid has the value that was
 * chosen when mymachines was built. The file is read at the first call only.
 * Its mistakes are warnings; the first caller with `notices` gets them.
 */
const struct configuration *configuration_read(struct notices *notices);

/* The settings that such a file's text has; mistakes are ignored. */
struct configuration configuration_parse(const char *text);
