/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/memory_limit.h"

#include <sys/resource.h>

void memory_limit(uint64_t bytes)
{
#ifndef __SANITIZE_ADDRESS__
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) < 0 || limit.rlim_cur <= bytes)
		return;
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_DATA, &limit);
#else
	(void) bytes;
#endif
}
