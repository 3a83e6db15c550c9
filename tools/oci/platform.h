/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For which machines an image is, in the words of OCI: those of the language Go. */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>

/* In an arena. Empty where it isn't told. */
struct oci_platform {
	const char *os;
	const char *architecture;
	const char *variant;
};

/* The platform of this host. */
void oci_platform_of_host(struct arena *arena, struct oci_platform *platform);

/* Parse "OS/ARCHITECTURE[/VARIANT]" or "ARCHITECTURE". 0, or -1 with a failure. */
int oci_platform_parse(struct arena *arena, const char *text, struct oci_platform *platform,
		       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * How well an image of the platform `offered` suits `wanted`: 0 if it doesn't run there, and of others, the
 * highest is the best.
 */
int oci_platform_match(const struct oci_platform *wanted, const struct oci_platform *offered);

/* "linux/arm64/v8", harmless for a terminal. */
const char *oci_platform_format(struct arena *arena, const struct oci_platform *platform);
