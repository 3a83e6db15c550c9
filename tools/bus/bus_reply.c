/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_reply.h"

#include <stddef.h>

int bus_reply(sd_bus_message *call, const char *array, bus_append *append, void *data)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	if (r >= 0 && array)
		r = sd_bus_message_open_container(reply, 'a', array);
	if (r >= 0)
		r = append(reply, data);
	if (r >= 0 && array)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}
