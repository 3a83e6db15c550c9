/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether LMDB can change these pages without harm. It trusts what it reads: a
 * wrong number in a page ends the program that it runs in. Part of the writing half.
 */
#pragma once

#include "registry/pages.h"

/*
 * Look at every page that LMDB may go to. The pages have to be mapped, and of this program's word
 * size. 0; -EUCLEAN if one isn't as LMDB has left it, or belongs to two owners; or -ENOMEM.
 */
int pages_check(struct pages *pages);
