/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The half of a copy that runs in the machine: a visitor_work(), visitor.h. */
#pragma once

#include "base/failure.h"

/* The argument is a struct copy_session. Hands one end of a stream socket to the caller. */
int copy_visit(int socket, void *argument, struct failure *failure);
