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

static bool forget_client(struct refused_client *clients, const struct refused_client *client)
{
	for (size_t i = 0; i < REFUSED_MAX; i++) {
		struct refused_client *known = &clients[i];

		if (strcmp(known->name, client->name) != 0 ||
		    strcmp(known->client, client->client) != 0)
			continue;
		*known = (struct refused_client){ 0 };
		return true;
	}
	return false;
}

static bool forget_anywhere(struct refused *refused, const struct refused_client *client)
{
	return forget_client(refused->root, client) || forget_client(refused->others, client);
}

/* Where this user's next one is kept: in the place of the user's oldest, a free one, or that of the oldest of all. */
static struct refused_client *choose_place(struct refused_client *clients, uid_t user)
{
	struct refused_client *oldest = clients, *own = NULL;
	size_t n_own = 0;

	for (size_t i = 0; i < REFUSED_MAX; i++) {
		struct refused_client *known = &clients[i];

		if (known->number < oldest->number)
			oldest = known;
		if (known->user != user)
			continue;
		n_own++;
		if (!own || known->number < own->number)
			own = known;
	}
	return user != 0 && n_own >= REFUSED_USER_MAX ? own : oldest;
}

void refused_note(struct refused *refused, uid_t user, const char *client, const char *name)
{
	struct refused_client described;

	if (!describe_client(&described, client, name))
		return;
	described.user = user;
	described.number = ++refused->n_noted;
	/* One that tries again and again is kept once. */
	forget_anywhere(refused, &described);
	*choose_place(user == 0 ? refused->root : refused->others, user) = described;
}

bool refused_forget(struct refused *refused, const char *client, const char *name)
{
	struct refused_client described;

	return describe_client(&described, client, name) && forget_anywhere(refused, &described);
}
