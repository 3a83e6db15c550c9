/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/locale.h"

#include <locale.h>

void locale_begin(void)
{
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	setlocale(LC_TIME, "");
	setlocale(LC_NUMERIC, "");
}
