/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/words.h"

#include <errno.h>
#include <string.h>

const char *registry_error_words(int error)
{
	switch (error) {
	case -ELOOP: return "it is a symbolic link";
	case -ENXIO: return "it is not a regular file";
	case -EPERM: return "it isn't root's alone to write";
	case -EPROTONOSUPPORT: return "it has another format version";
	case -EILSEQ: return "it was written by a program of another byte order";
	case -ESTALE: return "it is of an earlier boot";
	case -EXDEV: return "its machines are of another pid or time namespace";
	case -EUCLEAN: return "it is damaged";
	default: return strerror(-error);
	}
}

const char *name_verdict_words(enum name_verdict verdict)
{
	switch (verdict) {
	case NAME_OK: break;
	case NAME_EMPTY: return "is empty";
	case NAME_TOO_LONG: return "is longer than 64 bytes";
	case NAME_BAD_CHARACTER: return "has a byte other than letters, digits, '-', '_' and '.'";
	case NAME_BAD_LABEL: return "has a label that is empty, or has a '-' at an end";
	case NAME_NUMBER: return "would be taken for an address or a number";
	case NAME_RESERVED: return "has another meaning already";
	case NAME_TERMINAL: return "would be taken for a terminal";
	case NAME_THIS_HOST: return "is this host's own name";
	case NAME_OF_THIS_HOST: return "would be taken for a name of this host";
	case NAME_DOTTED:
		return "has a dot, and is in no domain that Domains= in mymachines.conf names";
	}
	return "could be one";
}
