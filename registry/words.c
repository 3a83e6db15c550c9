/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *registry_error_words(int error)
{
	switch (error) {
	case -ELOOP: return "it is a symbolic link";
	case -ENXIO: return "it is no regular file";
	case -EPERM: return "it isn't root's alone to write";
	case -EPROTONOSUPPORT: return "it has another format version";
	case -EILSEQ: return "it was written by a program of another byte order or word size";
	case -ESTALE: return "it is of an earlier boot";
	case -EXDEV: return "its machines are of another pid namespace";
	case -EUCLEAN: return "it is damaged";
	default: return strerror(-error);
	}
}

const char *quote(const char *text, char quoted[static QUOTED_SIZE])
{
	char *to = quoted;
	size_t i;

	for (i = 0; text[i] && i < 80; i++) {
		unsigned char byte = (unsigned char) text[i];

		if (byte >= 0x20 && byte < 0x7f)
			*to++ = (char) byte;
		else
			to += sprintf(to, "\\x%02x", byte);
	}
	strcpy(to, text[i] ? "..." : "");
	return quoted;
}
