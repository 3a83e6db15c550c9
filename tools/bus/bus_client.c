/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_client.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

int bus_caller_uid(sd_bus_message *call, uid_t *uid)
{
	sd_bus_creds *creds = NULL;
	int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);

	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, uid);
	sd_bus_creds_unref(creds);
	return r < 0 ? r : 0;
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
	return sd_bus_add_match_async(sd_bus_message_get_bus(call), slot, match, gone, NULL, data);
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
