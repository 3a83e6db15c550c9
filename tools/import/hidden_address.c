/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/hidden_address.h"

#include <stddef.h>
#include <string.h>

/* RFC 3986, 3: scheme "://" [ user [ ":" password ] "@" ] host path [ "?" query ] */
void hide_address(char **word)
{
	char *address = *word, *authority = strstr(address, "://"), *at, *query;
	char *copy = authority ? strdup(address) : NULL;

	if (!copy)
		return;
	*word = copy;
	authority += strlen("://");
	at = memrchr(authority, '@', strcspn(authority, "/?#"));
	if (at)
		memset(authority, '*', (size_t) (at - authority));
	query = strchr(authority, '?');
	if (query)
		memset(query + 1, '*', strlen(query + 1));
}
