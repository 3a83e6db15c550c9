/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading os-release(5) of a machine's, a stranger's text, for a client. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The next assignment with a value that a terminal survives: printable ASCII, its quotes
 * taken off. The text is cut in place, and `text` moved behind it. False at the end.
 */
bool os_release_next(char **text, const char **key, const char **value) __attribute__((nonnull));

/* All of them, as a new list of "KEY=VALUE". */
json_object *os_release_to_json(const char *text, size_t size) __attribute__((nonnull));
