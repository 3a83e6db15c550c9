/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration of an image: which contents its layers have, and the settings of its start. Of the
 * latter, only what gives the machine no right is taken, as settings of systemd.nspawn(5).
 */
#pragma once

#include "base/notices.h"
#include "tools/oci/document.h"

/* All in an arena. */
struct oci_configuration {
	struct oci_platform platform;
	struct digest *layers; /* sums of their tar archives, from below */
	size_t n_layers;
	const char *settings; /* the text of a file of settings */
};

/*
 * Parse it. What is left out of the settings is a notice. 0, or -1 with a failure.
 */
int oci_configuration_parse(struct arena *arena, const char *text, size_t size,
			    struct oci_configuration *configuration, struct notices *notices,
			    struct failure *failure)
	__attribute__((nonnull(1, 2, 4, 6), warn_unused_result));
