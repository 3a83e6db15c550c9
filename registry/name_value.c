/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/name_value.h"

#include <errno.h>

bool name_value_is(struct value value, enum name_kind kind)
{
	return value.size > 0 && *(const char *) value.bytes == (char) kind;
}

const char *name_value_string(struct value value, size_t skip)
{
	const char *name = (const char *) value.bytes + skip;
	size_t size = value.size > skip ? value.size - skip : 0;

	return size > 1 && size <= MACHINE_NAME_SIZE && name[size - 1] == '\0' ? name : NULL;
}

int name_value_decode(struct value value, struct machine *machine)
{
	if (!name_value_is(value, NAME_IS_RECORD) ||
	    record_decode((const char *) value.bytes + 1, value.size - 1, machine) < 0)
		return -EUCLEAN;
	return 0;
}
