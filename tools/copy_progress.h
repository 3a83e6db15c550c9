/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a copy is, on the terminal that standard error is, in one line that goes again. */
#pragma once

#include "tools/copy_stream.h"

/* Have it shown, from half a second on, if there is a terminal. */
void copy_progress_start(struct copy_stream *stream);

/* Before other words are said, and at the end. */
void copy_progress_clear(void);
