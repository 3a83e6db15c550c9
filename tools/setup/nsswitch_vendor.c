/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/nsswitch_vendor.h"

#include "base/input.h"
#include "tools/setup/nsswitch.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

bool nsswitch_vendor_is_read(struct arena *arena)
{
	void *symbol = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
	Dl_info libc;
	size_t size;
	char *text;

	return symbol && dladdr(symbol, &libc) != 0 && libc.dli_fname &&
	       input_read_file(arena, libc.dli_fname, &text, &size) == 0 &&
	       memmem(text, size, NSSWITCH_VENDOR_PATH, sizeof NSSWITCH_VENDOR_PATH);
}

const char *nsswitch_path(struct arena *arena)
{
	return access(NSSWITCH_PATH, F_OK) < 0 && access(NSSWITCH_VENDOR_PATH, F_OK) == 0 &&
			       nsswitch_vendor_is_read(arena)
		       ? NSSWITCH_VENDOR_PATH
		       : NSSWITCH_PATH;
}
