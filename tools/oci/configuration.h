/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration of an image: the checksums of its layers, and the settings for its start. Only settings
 * that give the machine no privilege are kept; they become settings of systemd.nspawn(5).
 */
#pragma once

#include "base/notices.h"
#include "tools/oci/document.h"

/* All in an arena. */
struct oci_configuration {
	struct oci_platform platform;
	struct digest *layers; /* checksums of the uncompressed layers, the lowest first */
	size_t n_layers;
	const char *settings; /* the text of a .nspawn file */
};

/*
 * Parse a configuration. A setting that is left out is reported as a notice. 0, or -1 with a failure.
 */
int oci_configuration_parse(struct arena *arena, const char *text, size_t size,
			    struct oci_configuration *configuration, struct notices *notices,
			    struct failure *failure)
	__attribute__((nonnull(1, 2, 4, 6), warn_unused_result));
