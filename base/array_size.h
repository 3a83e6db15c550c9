/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The number of items of an array. Not for pointers. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))
