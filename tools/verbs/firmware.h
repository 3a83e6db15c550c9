/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UEFI of VMs, as its packages describe it: QEMU's docs/interop/firmware.json. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

struct firmware {
	const char *code, *code_format; /* formats as QEMU calls them: "raw" or "qcow2" */
	const char *variables,
		*variables_format; /* an initial store of variables, not to be changed */
};

/* The directories of the administrator and of packages: the former's files replace the latter's. */
#define FIRMWARE_DIRECTORIES "/etc/qemu/firmware", "/usr/share/qemu/firmware"

/*
 * Find the first one, by the names of the files that describe them, that starts a machine of this type, such as
 * "pc-q35-", on this processor, such as "x86_64", from two flash memories and without SMM. A description that
 * can't be read, or names a file that isn't there, is passed over. `directories` ends with NULL, the first one
 * counts most. The texts are in the arena.
 */
bool firmware_find(struct arena *arena, const char *const *directories, const char *processor,
		   const char *machine, struct firmware *firmware)
	__attribute__((nonnull, warn_unused_result));
