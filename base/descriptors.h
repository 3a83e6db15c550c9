/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file descriptors of this process. */
#pragma once

/* Close all descriptors from this number on. 0 or a negative errno. */
int descriptors_close_from(int first);
