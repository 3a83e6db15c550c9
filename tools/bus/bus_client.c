/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_client.h"

#include "base/cleanup.h"
#include "base/subuid.h"
#include "host/process.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int ask_uid(sd_bus_message *call, uid_t *uid)
{
	sd_bus_creds *creds = NULL;
	int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);

	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, uid);
	sd_bus_creds_unref(creds);
	return r < 0 ? r : 0;
}

int bus_caller_uid(struct bus *bus, sd_bus_message *call, uid_t *uid)
{
	const char *sender = sd_bus_message_get_sender(call);
	uint64_t cookie = 0;
	int r;

	if (!sender || sd_bus_message_get_cookie(call, &cookie) < 0)
		return -ENODATA;
	/* The bus gives a name to one connection only, ever, so this is its user in any case. */
	if (cookie == bus->known_cookie && strcmp(sender, bus->known_sender) == 0) {
		*uid = bus->known_uid;
		return 0;
	}
	r = ask_uid(call, uid);
	if (r < 0 || strlen(sender) >= sizeof bus->known_sender)
		return r;
	strcpy(bus->known_sender, sender);
	bus->known_cookie = cookie;
	bus->known_uid = *uid;
	return 0;
}

int bus_caller_owner(struct bus *bus, sd_bus_message *call, uid_t *owner)
{
	int r = bus_caller_uid(bus, call, owner);

	if (r == 0)
		*owner = subuid_owner(SUBUID_PATH, *owner);
	return r;
}

int bus_caller_pid(sd_bus_message *call, pid_t *pid)
{
	sd_bus_creds *creds = NULL;
	int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_PID, &creds);

	if (r >= 0)
		r = sd_bus_creds_get_pid(creds, pid);
	sd_bus_creds_unref(creds);
	return r < 0 ? r : 0;
}

int bus_caller_process(struct bus *bus, sd_bus_message *call, struct machine_leader *process)
{
	struct machine_leader found;
	CLEANUP_CLOSE int pidfd = -1;
	uid_t uid;
	pid_t pid;
	int error = 0, r = bus_caller_pid(call, &pid);

	if (r < 0)
		return r;
	if (process_inspect(pid, &found, &pidfd, &error) != LEADER_OK)
		return -ESRCH;
	/* Its connection still lives, so the pid hasn't become another process's. */
	bus->known_cookie = 0;
	r = bus_caller_uid(bus, call, &uid);
	if (r < 0)
		return r;
	*process = found;
	return 0;
}

/*
 * The bus may refuse the match: it allows a client 512 of them. Without a function to hear of that, sd-bus would end
 * the whole connection. The caller's end is then noticed only when it is answered.
 */
static int on_watch(sd_bus_message *reply, void *data, sd_bus_error *error)
{
	(void) reply, (void) data, (void) error;
	return 0;
}

int bus_watch_caller(sd_bus_message *call, sd_bus_slot **slot, sd_bus_message_handler_t gone,
		     void *data)
{
	const char *sender = sd_bus_message_get_sender(call);
	CLEANUP_FREE char *match = NULL;

	if (!sender)
		return 0;
	if (asprintf(&match,
		     "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
		     "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
		     sender) < 0) {
		match = NULL;
		return -ENOMEM;
	}
	return sd_bus_add_match_async(sd_bus_message_get_bus(call), slot, match, gone, on_watch,
				      data);
}

void bus_call_again(sd_bus_message *call, sd_bus_message_handler_t handler, void *userdata)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_message_rewind(call, true);

	if (r >= 0)
		r = handler(call, userdata, &error);
	if (r < 0 || sd_bus_error_is_set(&error))
		sd_bus_reply_method_errno(call, r, &error);
	sd_bus_error_free(&error);
}
