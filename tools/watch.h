/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines watch, which is also mymachines monitor --follow. */
#pragma once

#include "tools/json.h"

struct follow_settings {
	bool initial; /* begin with the machines that are there */
	enum json_mode json;
};

/* Print what happens until standard output is closed. Returns an exit status. */
int follow(const struct follow_settings *settings);
