/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/transfer_request.h"

#include "base/array_size.h"
#include "base/number.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum transfer_class transfer_class_of(const char *name)
{
	static const char *const others[] = { "portable", "sysext", "confext" };

	if (strcmp(name, "machine") == 0)
		return TRANSFER_CLASS_MACHINE;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(name, others[i]) == 0)
			return TRANSFER_CLASS_OTHER;
	return TRANSFER_CLASS_UNKNOWN;
}

bool transfer_address_is_valid(const char *address)
{
	return strncasecmp(address, "http://", 7) == 0 || strncasecmp(address, "https://", 8) == 0;
}

/* Whether it is this prefix, and so many bytes in hexadecimal digits. */
static bool is_sum(const char *text, const char *prefix, size_t size)
{
	uint8_t sum[64];
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 && strlen(text + length) == 2 * size &&
	       hex_decode(text + length, sum, size);
}

bool transfer_verify_is_valid(const char *verify)
{
	static const char *const modes[] = { "no", "checksum", "signature" };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(verify, modes[i]) == 0)
			return true;
	return is_sum(verify, "sha256:", 32) || is_sum(verify, "sha512:", 64);
}
