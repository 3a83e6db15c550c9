/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key or a value of a database: bytes that belong to somebody else. */
#pragma once

#include <stddef.h>

struct value {
	const void *bytes;
	size_t size;
};
