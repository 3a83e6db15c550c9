/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/pool_properties.h"

#include "tools/images/image_pool.h"

#include <inttypes.h>
#include <stdio.h>

static void print_number(const struct property_filter *filter, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	property_print(filter, name, text);
}

void pool_properties_print(const struct property_filter *filter)
{
	uint64_t usage, limit;

	image_pool_read_quota(&usage, &limit);
	property_print(filter, "PoolPath", IMAGE_POOL);
	print_number(filter, "PoolUsage", usage);
	print_number(filter, "PoolLimit", limit);
}
