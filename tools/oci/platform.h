/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The platform that an image is for. OCI uses the names of the Go language (GOOS, GOARCH). */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>

/* In an arena. Strings that aren't given are empty. */
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
 * How well an image for the platform `offered` suits `wanted`: 0 if it doesn't run there, else the higher the
 * better.
 */
int oci_platform_match(const struct oci_platform *wanted, const struct oci_platform *offered);

/* "linux/arm64/v8", with control characters escaped. */
const char *oci_platform_format(struct arena *arena, const struct oci_platform *platform);
