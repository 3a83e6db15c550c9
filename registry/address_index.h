/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which machines have an address: two databases, of those that are true, and
 * of those that the machine holds only as long as no other has them. Claims
 * are in neither. Part of the writing half. Functions return 0 or a negative
 * errno.
 */
#pragma once

#include "base/array.h"
#include "registry/transaction.h"

/* Enter and take out all that the machine has. `folded` is its name. */
int address_index_add(struct transaction *transaction, const struct machine *machine,
		      const char *folded);
int address_index_remove(struct transaction *transaction, const struct machine *machine);

/* Set or clear ADDRESS_CONTESTED of the addresses of the machine with this sequence. */
int address_index_contest(struct transaction *transaction, uint64_t sequence,
			  struct machine_address *addresses, size_t count);

/* Add the folded names of all machines that hold an address which this one has or holds, too. */
int address_index_find_rivals(struct transaction *transaction, const struct machine *machine,
			      struct string_list *names);
