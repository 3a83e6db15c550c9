/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/varlink_service.h"

#include "base/array_size.h"
#include "base/json_value.h"

#include <string.h>

static void get_info(struct varlink_call *call, const struct varlink_interface *const *interfaces,
		     size_t n_interfaces)
{
	json_object *info = json_object_new_object(), *names = json_object_new_array();

	for (size_t i = 0; i < n_interfaces; i++)
		json_object_array_add(names, json_object_new_string(interfaces[i]->name));
	json_object_object_add(info, "vendor", json_object_new_string("mymachines"));
	json_object_object_add(info, "product", json_object_new_string("mymachines"));
	json_object_object_add(info, "version", json_object_new_string(PACKAGE_VERSION));
	json_object_object_add(info, "url", json_object_new_string(""));
	json_object_object_add(info, "interfaces", names);
	varlink_reply(call, info);
}

static void get_description(struct varlink_call *call,
			    const struct varlink_interface *const *interfaces, size_t n_interfaces)
{
	json_object *value = NULL, *parameters;
	const char *name;

	json_object_object_get_ex(call->parameters, "interface", &value);
	name = json_string(value);
	if (!name) {
		varlink_invalid_parameter(call, "interface");
		return;
	}
	for (size_t i = 0; i < n_interfaces; i++) {
		if (strcmp(interfaces[i]->name, name) != 0)
			continue;
		parameters = json_object_new_object();
		json_object_object_add(parameters, "description",
				       json_object_new_string(interfaces[i]->description));
		varlink_reply(call, parameters);
		return;
	}
	parameters = json_object_new_object();
	json_object_object_add(parameters, "interface", json_object_new_string(name));
	varlink_error(call, "org.varlink.service.InterfaceNotFound", parameters);
}

void varlink_service_handle(struct varlink_call *call,
			    const struct varlink_interface *const *interfaces, size_t n_interfaces)
{
	if (strcmp(call->method, "GetInfo") == 0)
		get_info(call, interfaces, n_interfaces);
	else
		get_description(call, interfaces, n_interfaces);
}

static const struct varlink_method methods[] = {
	{ .name = "GetInfo" },
	{ .name = "GetInterfaceDescription" },
};

const struct varlink_interface varlink_service_interface = {
	.name = "org.varlink.service",
	.description =
		"# What a Varlink service is, and which interfaces it has\n"
		"interface org.varlink.service\n"
		"\n"
		"method GetInfo() -> (\n"
		"  vendor: string,\n"
		"  product: string,\n"
		"  version: string,\n"
		"  url: string,\n"
		"  interfaces: []string\n"
		")\n"
		"\n"
		"method GetInterfaceDescription(interface: string) -> (description: string)\n"
		"\n"
		"error InterfaceNotFound(interface: string)\n"
		"error MethodNotFound(method: string)\n"
		"error MethodNotImplemented(method: string)\n"
		"error InvalidParameter(parameter: string)\n"
		"error PermissionDenied()\n"
		"error ExpectedMore()\n",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};
