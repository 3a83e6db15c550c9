/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running suites of Check, with tests that can be skipped: Check knows passed
 * and failed only, and a test that can't be made here is neither.
 */
#pragma once

#include <check.h>
#include <stdbool.h>

/* Run them, and report as TAP on standard output. Returns the exit status of the program. */
int checks_run(SRunner *runner);

#ifdef __SANITIZE_ADDRESS__
#define UNDER_ADDRESS_SANITIZER true
#else
#define UNDER_ADDRESS_SANITIZER false
#endif

/* Note that the test that runs is skipped, and why. Use SKIP(), which ends the test. */
void checks_skip(const char *test, int index, const char *reason);

#define SKIP(reason)                                                                               \
	do {                                                                                       \
		checks_skip(__func__, _i, reason);                                                 \
		return;                                                                            \
	} while (0)
