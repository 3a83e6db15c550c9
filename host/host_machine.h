/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host, which callers know as a machine called ".host". */
#pragma once

#include "registry/record.h"

#include <stdbool.h>

/*
 * The facts about the host. It counts as registered since the kernel's start. Its class is
 * MACHINE_HOST.
 */
void host_machine_read(struct machine *host) __attribute__((nonnull));

/*
 * Call `found` for each of the host's own addresses, but those of "lo". Returns the first value
 * of it that isn't 0; -1 if the kernel can't be asked.
 */
typedef int host_address_found(void *data, uint32_t interface, int family, const void *bytes);
int host_addresses_each(host_address_found *found, void *data) __attribute__((nonnull(1)));
