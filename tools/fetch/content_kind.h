/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kind of a file, by its first bytes. Some servers send an HTML page with status 200 instead of
 * an image.
 */
#pragma once

#include <stddef.h>

enum content_kind {
	CONTENT_EMPTY,
	CONTENT_TEXT,	    /* HTML, JSON, XML or other text: no image */
	CONTENT_COMPRESSED, /* gzip, xz, zstd or bzip2 */
	CONTENT_TAR,
	CONTENT_QCOW2,
	CONTENT_OTHER, /* a disk, perhaps */
};

/* This many bytes are enough to determine the kind. */
#define CONTENT_HEAD_SIZE 512

enum content_kind content_kind_of(const void *head, size_t size);
