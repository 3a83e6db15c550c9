/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that run a machine from an image, and register it meanwhile. */
#pragma once

#include "base/arena.h"
#include "tools/images/image.h"

/*
 * systemd-nspawn(1) with what systemd's unit gives it. Nothing is added because an image asks for it: it decides
 * itself what it takes from which settings. All in the arena.
 */
const char **start_nspawn_command(struct arena *arena, const struct image *image)
	__attribute__((nonnull));

/* QEMU, with a disk for its only drive. The same. NULL with a failure. */
const char **start_qemu_command(struct arena *arena, const struct image *image,
				struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The control socket of such a VM. */
const char *start_qemu_control(struct arena *arena, const char *machine) __attribute__((nonnull));

/* The emulator of this host's own kind of processor. */
#define START_QEMU_PROGRAM "qemu-system-x86_64"
