/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_target.h"

#include "base/cleanup.h"
#include "tools/bus/bus_client.h"
#include "tools/calls/process_machine.h"

#include <errno.h>
#include <string.h>

/* The machine of the caller. As bus_path_to_name(). */
static int find_caller(struct bus *bus, sd_bus_message *call, char **name)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct snapshot *registry;
	pid_t pid;
	int r;

	if (!call || bus_caller_pid(call, &pid) < 0)
		return 0;
	r = bus_registry(bus, &registry, &error);
	sd_bus_error_free(&error);
	return r < 0 ? r : process_machine_in(registry, pid, name);
}

int bus_path_to_name(struct bus *bus, sd_bus_message *call, const char *path, char **name)
{
	int r = sd_bus_path_decode(path, BUS_MACHINE_PATH, name);

	if (r <= 0 || strcmp(*name, "self") != 0)
		return r;
	/* The caller's own machine. A machine can be called "self", and is then not found by path. */
	free(*name);
	*name = NULL;
	return find_caller(bus, call, name);
}

/* The name from the message, or from its path: to be freed only in the latter case. */
static int read_name(struct bus *bus, sd_bus_message *call, const char **name, char **from_path)
{
	const char *path = sd_bus_message_get_path(call);
	int r;

	if (strcmp(path, BUS_MANAGER_PATH) == 0)
		return sd_bus_message_read(call, "s", name);
	r = bus_path_to_name(bus, call, path, from_path);
	*name = *from_path ? *from_path : "";
	return r;
}

int bus_target_find(struct bus *bus, struct call_target *target, sd_bus_message *call,
		    sd_bus_error *error)
{
	CLEANUP_FREE char *from_path = NULL;
	struct snapshot none = { 0 }, *registry = &none;
	struct failure failure;
	const char *name;
	int r = read_name(bus, call, &name, &from_path);

	/* The host is there without one. */
	if (r >= 0 && strcmp(name, ".host") != 0)
		r = bus_registry(bus, &registry, error);
	if (r < 0)
		return r;
	if (call_target_find(target, registry, name, &failure) == 0)
		return 0;
	return failure.kind == FAILURE_NO_MACHINE ? bus_fail_no_machine(error, name)
						  : bus_fail(error, &failure);
}

int bus_target_find_system(struct bus *bus, struct call_target *target, sd_bus_message *call,
			   const char *words, sd_bus_error *error)
{
	int r = bus_target_find(bus, target, call, error);

	if (r >= 0 && !target->is_host && !call_target_is_container(target))
		return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED, words);
	return r;
}

int bus_target_find_container(struct bus *bus, struct call_target *target, sd_bus_message *call,
			      const char *words, sd_bus_error *error)
{
	int r = bus_target_find_system(bus, target, call, words, error);

	return r >= 0 && target->is_host
		       ? sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED, words)
		       : r;
}
