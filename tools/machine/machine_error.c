/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_error.h"

#include "base/array_size.h"
#include "base/format.h"

#include <errno.h>
#include <string.h>

/* Kinds that have an error of their own, or stand for an errno. */
static const struct error_name {
	enum failure_kind kind;
	const char *name;
	int number;
} names[] = {
	{ FAILURE_NO_MACHINE, MACHINE_ERROR("NoSuchMachine"), 0 },
	{ FAILURE_EXISTS, MACHINE_ERROR("MachineExists"), 0 },
	{ FAILURE_NOT_SUPPORTED, MACHINE_ERROR("NotSupported"), 0 },
	{ FAILURE_ELSEWHERE, MACHINE_ERROR("NotSupported"), 0 },
	{ FAILURE_NO_PRIVATE_NETWORK, MACHINE_ERROR("NoPrivateNetworking"), 0 },
	{ FAILURE_NO_SYSTEM, MACHINE_ERROR("NoIPC"), 0 },
	{ FAILURE_NOT_PERMITTED, "org.varlink.service.PermissionDenied", 0 },
	{ FAILURE_NO_AGENT, "io.systemd.InteractiveAuthenticationRequired", 0 },
	{ FAILURE_TOO_MANY, MACHINE_ERROR("TooManyOperations"), 0 },
	{ FAILURE_INVALID, NULL, EINVAL },
	{ FAILURE_NO_PROCESS, NULL, ESRCH },
	{ FAILURE_GONE, NULL, ESRCH },
	{ FAILURE_NO_SUCH_FILE, NULL, ENOENT },
	{ FAILURE_NO_PROGRAM, NULL, ENOENT },
	{ FAILURE_NO_USER, NULL, ENOENT },
	{ FAILURE_BUSY, NULL, EBUSY },
	{ FAILURE_TIMED_OUT, NULL, ETIMEDOUT },
	{ FAILURE_PAUSED, NULL, EAGAIN },
	{ FAILURE_NO_SPACE, NULL, ENOSPC },
	{ FAILURE_NO_MEMORY, NULL, ENOMEM },
	{ FAILURE_DAMAGED, NULL, EUCLEAN },
	{ FAILURE_NOT_EXECUTABLE, NULL, EACCES },
};

void machine_refuse(struct varlink_call *call, const char *error)
{
	varlink_error(call, error, NULL);
}

/* An errno, and besides, which systemd's clients pass over, why. */
static void fail_by_errno(struct varlink_call *call, int number, const char *words)
{
	char text[ESCAPED_SIZE(FAILURE_TEXT_SIZE)];
	const char *name = strerrorname_np(number);
	json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, "origin", json_object_new_string("linux"));
	json_object_object_add(parameters, "errno", json_object_new_int(number));
	if (name)
		json_object_object_add(parameters, "errnoName", json_object_new_string(name));
	json_object_object_add(parameters, "message",
			       json_object_new_string(escape_for_programs(words, text)));
	varlink_error(call, "io.systemd.System", parameters);
}

void machine_fail(struct varlink_call *call, const struct failure *f)
{
	int number = f->error ? -f->error : EIO;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].kind != f->kind)
			continue;
		/* A name of a machine has no errno; with one, it is a file that exists. */
		if (names[i].name && !(f->kind == FAILURE_EXISTS && f->error)) {
			machine_refuse(call, names[i].name);
			return;
		}
		if (!f->error)
			number = names[i].number;
	}
	fail_by_errno(call, number, f->text);
}
