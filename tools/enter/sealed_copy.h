/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running from a copy of the program that nobody can change. If a machine has the
 * host's root, "/proc/self/exe" of a process that came from here is the
 * program's file. A script may name that path as its interpreter: then the
 * machine has the host's program open, and can write to it as soon as it isn't
 * running any more (CVE-2019-5736). So the program runs from a sealed file in
 * memory: memfd_create(2).
 */
#pragma once

#include "base/failure.h"

/*
 * Execute such a copy, with the arguments of main(); return 0 if this process already
 * runs from one, or -1 with a failure, which begins with the verb.
 */
int sealed_copy_enter(const char *verb, char **argv, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
