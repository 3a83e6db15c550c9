/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names that failures have on the bus. */
#include "tools/bus/bus.h"

#include "base/array_size.h"
#include "base/quote.h"

#include <errno.h>
#include <string.h>

#define MACHINE1(name) "org.freedesktop.machine1." name

static const struct error_name {
	enum failure_kind kind;
	const char *name;
} names[] = {
	{ FAILURE_INVALID, SD_BUS_ERROR_INVALID_ARGS },
	{ FAILURE_NO_MACHINE, MACHINE1("NoSuchMachine") },
	{ FAILURE_NO_IMAGE, MACHINE1("NoSuchImage") },
	{ FAILURE_EXISTS, MACHINE1("MachineExists") },
	{ FAILURE_NO_PROCESS, "org.freedesktop.DBus.Error.UnixProcessIdUnknown" },
	{ FAILURE_NO_SUCH_FILE, SD_BUS_ERROR_FILE_NOT_FOUND },
	{ FAILURE_NOT_PERMITTED, SD_BUS_ERROR_ACCESS_DENIED },
	{ FAILURE_NOT_SUPPORTED, SD_BUS_ERROR_NOT_SUPPORTED },
	{ FAILURE_BUSY, "System.Error.EBUSY" },
	{ FAILURE_TIMED_OUT, SD_BUS_ERROR_TIMEOUT },
	{ FAILURE_GONE, SD_BUS_ERROR_FILE_NOT_FOUND },
	{ FAILURE_PAUSED, "System.Error.EAGAIN" },
	{ FAILURE_ELSEWHERE, SD_BUS_ERROR_NOT_SUPPORTED },
	{ FAILURE_NO_PRIVATE_NETWORK, MACHINE1("NoPrivateNetworking") },
	{ FAILURE_NO_SYSTEM, SD_BUS_ERROR_FILE_NOT_FOUND },
	{ FAILURE_NO_MAPPING, MACHINE1("NoSuchUserMapping") },
	{ FAILURE_NO_SPACE, "System.Error.ENOSPC" },
	{ FAILURE_NO_MEMORY, SD_BUS_ERROR_NO_MEMORY },
	{ FAILURE_DAMAGED, SD_BUS_ERROR_IO_ERROR },
	{ FAILURE_NO_PROGRAM, SD_BUS_ERROR_FILE_NOT_FOUND },
};

int bus_fail(sd_bus_error *error, const struct failure *failure)
{
	/* A name of a machine has no errno; this is a file. */
	if (failure->kind == FAILURE_EXISTS && failure->error)
		return sd_bus_error_set(error, SD_BUS_ERROR_FILE_EXISTS, failure->text);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].kind == failure->kind)
			return sd_bus_error_set(error, names[i].name, failure->text);
	return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, failure->text);
}

int bus_fail_no_machine(sd_bus_error *error, const char *name)
{
	char quoted[QUOTED_SIZE];

	return sd_bus_error_setf(error, MACHINE1("NoSuchMachine"), "No machine '%s' known",
				 quote(name, quoted));
}

int bus_fail_call(sd_bus_error *error, sd_bus_message *call, const struct failure *failure)
{
	const char *path = sd_bus_message_get_path(call);

	if (failure->kind != FAILURE_NO_IMAGE || strcmp(path, BUS_MANAGER_PATH) == 0)
		return bus_fail(error, failure);
	return sd_bus_error_setf(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "Unknown object '%s'.", path);
}
