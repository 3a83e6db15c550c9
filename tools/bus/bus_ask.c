/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_ask.h"

#include "tools/bus/bus_service.h"

#include <stdint.h>

#define DRIVER "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"

/* Call a method of the bus itself. The reply is the caller's. 0, or -1 with a failure. */
static int call_driver(const char *method, const char *name, bool with_flags,
		       sd_bus_message **reply, sd_bus_error *error, struct failure *f)
{
	sd_bus *bus = NULL;
	int r = sd_bus_open_system(&bus);

	if (r < 0)
		return failure_errno(f, r, "cannot connect to the system bus");
	if (!name)
		r = sd_bus_call_method(bus, DRIVER, method, error, reply, NULL);
	else if (with_flags)
		r = sd_bus_call_method(bus, DRIVER, method, error, reply, "su", name, 0);
	else
		r = sd_bus_call_method(bus, DRIVER, method, error, reply, "s", name);
	sd_bus_flush_close_unref(bus);
	return r < 0 ? failure_errno(f, r, "%s: %s", method,
				     error->message ? error->message : "the bus says no")
		     : 0;
}

int bus_ask_owner(const char *name, pid_t *pid, struct failure *f)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	uint32_t number = 0;
	int r = call_driver("GetConnectionUnixProcessID", name, false, &reply, &error, f);

	if (r < 0 && sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		r = 0;
	else if (r == 0 && sd_bus_message_read(reply, "u", &number) < 0)
		r = failure_set(f, FAILURE_OTHER, "the bus doesn't say who owns %s", name);
	*pid = (pid_t) number;
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return r;
}

int bus_ask_reload(struct failure *f)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = call_driver("ReloadConfig", NULL, false, &reply, &error, f);

	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return r;
}

int bus_ask_start(const char *name, struct failure *f)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = call_driver("StartServiceByName", name, true, &reply, &error, f);

	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return r;
}
