/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of systemd-machined itself, which are about its pool of images. */
#pragma once

#include "tools/verbs/property_filter.h"

/* As it has them: the largest number is none. */
void pool_properties_print(const struct property_filter *filter) __attribute__((nonnull));
