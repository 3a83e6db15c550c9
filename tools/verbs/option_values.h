/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setters of verb.h for options of more than one verb. */
#pragma once

#include "tools/verbs/verb.h"

option_setter set_true;	     /* bool */
option_setter set_false;     /* bool */
option_setter set_text;	     /* const char *, borrowed */
option_setter set_full_text; /* the same, and not empty */
option_setter set_json_mode; /* enum json_mode */
