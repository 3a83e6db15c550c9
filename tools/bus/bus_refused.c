/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_refused.h"

#include <string.h>

/* False if its names are longer than any that are kept. */
static bool describe_client(struct bus_refused_client *client, sd_bus_message *call,
			    const char *name)
{
	const char *sender = sd_bus_message_get_sender(call);

	if (!sender || strlen(sender) >= sizeof client->sender ||
	    machine_name_fold(name, client->name) == 0)
		return false;
	strcpy(client->sender, sender);
	return true;
}

void bus_refused_note(struct bus_refused *refused, sd_bus_message *call, const char *name)
{
	struct bus_refused_client client;

	if (!describe_client(&client, call, name))
		return;
	refused->clients[refused->next] = client;
	refused->next = (refused->next + 1) % BUS_REFUSED_MAX;
}

bool bus_refused_forget(struct bus_refused *refused, sd_bus_message *call, const char *name)
{
	struct bus_refused_client client;

	if (!describe_client(&client, call, name))
		return false;
	for (size_t i = 0; i < BUS_REFUSED_MAX; i++) {
		struct bus_refused_client *known = &refused->clients[i];

		if (strcmp(known->name, client.name) != 0 ||
		    strcmp(known->sender, client.sender) != 0)
			continue;
		known->name[0] = '\0';
		return true;
	}
	return false;
}
