/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/refused.h"

#include <string.h>

/* False if its names are longer than any that are kept. */
static bool describe_client(struct refused_client *described, const char *client, const char *name)
{
	if (!client || strlen(client) >= sizeof described->client ||
	    machine_name_fold(name, described->name) == 0)
		return false;
	strcpy(described->client, client);
	return true;
}

static bool forget_client(struct refused *refused, const struct refused_client *client)
{
	for (size_t i = 0; i < REFUSED_MAX; i++) {
		struct refused_client *known = &refused->clients[i];

		if (strcmp(known->name, client->name) != 0 ||
		    strcmp(known->client, client->client) != 0)
			continue;
		known->name[0] = '\0';
		return true;
	}
	return false;
}

void refused_note(struct refused *refused, const char *client, const char *name)
{
	struct refused_client described;

	if (!describe_client(&described, client, name))
		return;
	/* One that tries again and again is kept once. */
	forget_client(refused, &described);
	refused->clients[refused->next] = described;
	refused->next = (refused->next + 1) % REFUSED_MAX;
}

bool refused_forget(struct refused *refused, const char *client, const char *name)
{
	struct refused_client described;

	return describe_client(&described, client, name) && forget_client(refused, &described);
}
