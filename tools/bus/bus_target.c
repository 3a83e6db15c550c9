/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_target.h"

#include "base/cleanup.h"
#include "tools/bus/bus_client.h"
#include "tools/calls/process_machine.h"

#include <errno.h>
#include <string.h>

int bus_path_to_name(sd_bus_message *call, const char *path, char **name)
{
	pid_t pid;
	int r = sd_bus_path_decode(path, BUS_MACHINE_PATH, name);

	if (r <= 0 || strcmp(*name, "self") != 0)
		return r;
	/* The caller's own machine. A machine can be called "self", and is then not found by path. */
	free(*name);
	*name = NULL;
	if (!call || bus_caller_pid(call, &pid) < 0)
		return 0;
	return process_machine(pid, name);
}

/* The name from the message, or from its path: to be freed only in the latter case. */
static int read_name(sd_bus_message *call, const char **name, char **from_path)
{
	const char *path = sd_bus_message_get_path(call);
	int r;

	if (strcmp(path, BUS_MANAGER_PATH) == 0)
		return sd_bus_message_read(call, "s", name);
	r = bus_path_to_name(call, path, from_path);
	*name = *from_path ? *from_path : "";
	return r;
}

static int find_target(struct call_target *target, const char *name, sd_bus_error *error)
{
	struct failure failure;

	if (call_target_open(target, name, &failure) == 0)
		return 0;
	return failure.kind == FAILURE_NO_MACHINE ? bus_fail_no_machine(error, name)
						  : bus_fail(error, &failure);
}

int bus_target_open(struct call_target *target, sd_bus_message *call, sd_bus_error *error)
{
	CLEANUP_FREE char *from_path = NULL;
	const char *name;
	int r;

	*target = (struct call_target){ 0 };
	r = read_name(call, &name, &from_path);
	return r < 0 ? r : find_target(target, name, error);
}

int bus_target_open_system(struct call_target *target, sd_bus_message *call, const char *words,
			   sd_bus_error *error)
{
	int r = bus_target_open(target, call, error);

	if (r >= 0 && !target->is_host && !call_target_is_container(target))
		return sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED, words);
	return r;
}

int bus_target_open_container(struct call_target *target, sd_bus_message *call, const char *words,
			      sd_bus_error *error)
{
	int r = bus_target_open_system(target, call, words, error);

	return r >= 0 && target->is_host
		       ? sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED, words)
		       : r;
}
