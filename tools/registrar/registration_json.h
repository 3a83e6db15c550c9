/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a registration from JSON. The fields are named as in Varlink's
 * io.systemd.Machine interface where that has them; mymachines(1), "JSON",
 * lists them all.
 */
#pragma once

#include "tools/registrar/registration.h"

#include <stddef.h>

/*
 * Read one registration from JSON text into `registration`, whose arena is
 * set. 0, or -1 with a failure that has no subject.
 */
int json_to_registration(const char *text, size_t length, struct registration *registration,
			 struct failure *failure) REGISTRATION_FUNCTION;
