/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/content_kind.h"

#include "base/array_size.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_compressed(const uint8_t *head, size_t size)
{
	static const struct {
		const char *bytes;
		size_t size;
	} magic[] = {
		{ "\x1f\x8b", 2 },
		{ "\xfd"
		  "7zXZ",
		  6 },
		{ "\x28\xb5\x2f\xfd", 4 },
		{ "BZh", 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(magic); i++)
		if (size >= magic[i].size && memcmp(head, magic[i].bytes, magic[i].size) == 0)
			return true;
	/* A frame of zstd to be skipped, before the others. */
	return size >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0;
}

/* Whether these bytes are a header of tar, by its checksum. */
static bool is_tar(const uint8_t *head, size_t size)
{
	unsigned long sum = 0, stored;
	char text[9] = "";

	if (size < 512)
		return false;
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : head[i];
	memcpy(text, head + 148, 8);
	stored = strtoul(text, NULL, 8);
	return head[0] && sum == stored;
}

static bool is_text(const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (head[i] == 0x7f || (head[i] < ' ' && !strchr("\t\n\r\f", head[i])) || !head[i])
			return false;
	return true;
}

enum content_kind content_kind_of(const void *bytes, size_t size)
{
	const uint8_t *head = bytes;

	if (size == 0)
		return CONTENT_EMPTY;
	if (size > CONTENT_HEAD_SIZE)
		size = CONTENT_HEAD_SIZE;
	if (is_compressed(head, size))
		return CONTENT_COMPRESSED;
	if (is_tar(head, size))
		return CONTENT_TAR;
	if (size >= 4 && memcmp(head, "QFI\xfb", 4) == 0)
		return CONTENT_QCOW2;
	return is_text(head, size) ? CONTENT_TEXT : CONTENT_OTHER;
}
