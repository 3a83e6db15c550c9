/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/service_control.h"

#include "base/array_size.h"
#include "tools/varlink/varlink_log.h"

#include <unistd.h>

static void ping(struct varlink_call *call)
{
	varlink_reply(call, NULL);
}

/*
 * Root alone: the service's own user may be nobody, as whom users of other user
 * namespaces appear. If it isn't, the call has been answered.
 */
static bool is_permitted(struct varlink_call *call)
{
	if (call->peer.uid == 0)
		return true;
	varlink_error(call, "org.varlink.service.PermissionDenied", NULL);
	return false;
}

static void set_log_level(struct varlink_call *call)
{
	json_object *level = NULL;

	if (!is_permitted(call))
		return;
	json_object_object_get_ex(call->parameters, "level", &level);
	if (!json_object_is_type(level, json_type_int) ||
	    json_object_get_int64(level) < LOG_EMERG || json_object_get_int64(level) > LOG_DEBUG) {
		varlink_invalid_parameter(call, "level");
		return;
	}
	varlink_log_set_level(json_object_get_int(level));
	varlink_reply(call, NULL);
}

static void get_environment(struct varlink_call *call)
{
	json_object *reply, *list;

	if (!is_permitted(call))
		return;
	reply = json_object_new_object();
	list = json_object_new_array();
	for (char **variable = environ; variable && *variable; variable++)
		json_object_array_add(list, json_object_new_string(*variable));
	json_object_object_add(reply, "environment", list);
	varlink_reply(call, reply);
}

static const struct varlink_method methods[] = {
	{ "Ping", ping, false },
	{ "SetLogLevel", set_log_level, false },
	{ "GetEnvironment", get_environment, false },
};

const struct varlink_interface service_control_interface = {
	.name = "io.systemd.service",
	.description = "# Calls that every service answers\n"
		       "interface io.systemd.service\n"
		       "\n"
		       "# Show that the service answers. The call has no other effect.\n"
		       "method Ping() -> ()\n"
		       "\n"
		       "# Levels are those of syslog(3), 0 to 7. Only root may call this.\n"
		       "method SetLogLevel(level: int) -> ()\n"
		       "\n"
		       "# The variables of the service's environment. Only root may call this.\n"
		       "method GetEnvironment() -> (environment: ?[]string)\n",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};
