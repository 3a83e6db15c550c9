/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setters of verb.h for options of more than one verb. */
#pragma once

#include "tools/verbs/verb.h"

option_setter set_true;	     /* bool */
option_setter set_false;     /* bool */
option_setter set_text;	     /* const char *, borrowed */
option_setter set_full_text; /* the same, and not empty */
option_setter set_json_mode; /* enum json_mode */

/* enum json_mode, by the -o of machinectl(1). Its other modes are for log lines: they change nothing. */
option_setter set_output_mode;
option_setter check_output_mode; /* takes it to no member */

/* All of them, as machinectl(1) lists them. */
#define OUTPUT_MODES                                                                               \
	"short short-full short-iso short-iso-precise short-precise short-monotonic short-delta "  \
	"short-unix verbose export json json-pretty json-sse json-seq cat with-unit"

/* Whether a value is one of some words, which are separated by blanks. */
bool is_one_of(const char *value, const char *words) __attribute__((nonnull));

/* Whether a shell takes these bytes for a variable's name. */
bool is_variable_name(const char *text, size_t length) __attribute__((nonnull));
