/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that failures have over Varlink. */
#pragma once

#include "base/failure.h"
#include "tools/varlink/varlink_server.h"

#define MACHINE_ERROR(name) "io.systemd.Machine." name

/* Answer a call by a failure: by its kind's own error, or io.systemd.System. */
void machine_fail(struct varlink_call *call, const struct failure *failure)
	__attribute__((nonnull));

/* Answer a call by an error that has no parameters: MACHINE_ERROR("NoSuchMachine"). */
void machine_refuse(struct varlink_call *call, const char *error) __attribute__((nonnull));
