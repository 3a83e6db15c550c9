/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines watch, which is also mymachines monitor --follow. */
#pragma once

#include "base/failure.h"
#include "tools/describe/json.h"

struct follow_settings {
	bool initial; /* begin with the machines that are there */
	enum json_mode json;
};

/* Print what happens until standard output is closed. Returns an exit status, or -1 with a failure. */
int follow_registry(const struct follow_settings *settings, struct failure *failure)
	__attribute__((nonnull));
