/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_who.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "base/pidfd.h"
#include "host/process.h"
#include "host/process_status.h"
#include "tools/calls/process_machine.h"
#include "tools/machine/machine_error.h"

#include <errno.h>
#include <string.h>

/* The caller, as long as its pid is its own. */
static int find_caller(const struct varlink_call *call, struct machine_leader *identity)
{
	CLEANUP_CLOSE int pidfd = pidfd_of(call->peer.pid);
	uint64_t number;

	if (process_number_read((uint32_t) call->peer.pid, pidfd, &number) < 0 ||
	    number != (call->peer_inode ? call->peer_inode : call->peer_start))
		return -ESRCH;
	*identity = (struct machine_leader){ .pid = (uint32_t) call->peer.pid,
					     .start_time = call->peer_start,
					     .pidfd_inode = call->peer_inode };
	return 0;
}

int machine_process_identify(const struct machine_process *process, const struct varlink_call *call,
			     struct machine_leader *identity)
{
	struct machine_leader found = { .pid = (uint32_t) process->pid };
	CLEANUP_CLOSE int pidfd = -1;
	int error = 0;

	if (process->boot_id && !boot_is_current(process->boot_id))
		return -ESRCH;
	if (process->pid == 0)
		return find_caller(call, identity);
	if (process->pidfd_id) {
		/* Before Linux 6.9 pids have no such number, so nobody can have it. */
		if (process_inspect(process->pid, &found, &pidfd, &error) != LEADER_OK ||
		    found.pidfd_inode != process->pidfd_id)
			return -ESRCH;
	}
	*identity = found;
	return 0;
}

/* Whether a name is one that a machine could be asked for by. */
static bool is_name(const char *name)
{
	char folded[MACHINE_NAME_SIZE];

	return strcmp(name, ".host") == 0 || machine_name_fold(name, folded) > 0;
}

/* The machine of the process, which has to be the target, if that is known by its name already. */
static bool open_by_process(struct call_target *target, const struct varlink_call *call,
			    const struct machine_input *input, struct failure *f)
{
	CLEANUP_FREE char *name = NULL;
	struct machine_leader process;
	int r = machine_process_identify(&input->pid, call, &process);

	if (r == 0)
		r = process_machine((pid_t) process.pid, &name);
	if (r < 0 && r != -ESRCH && r != -ENOENT) {
		failure_errno(f, r, "cannot find the machine of a process");
		return false;
	}
	if (!name || (input->name && (target->is_host || strcmp(name, target->name) != 0))) {
		failure_set(f, FAILURE_NO_MACHINE, "no such machine");
		return false;
	}
	return input->name || call_target_open(target, name, f) == 0;
}

bool machine_who_open(struct call_target *target, struct varlink_call *call,
		      const struct machine_input *input)
{
	struct failure failure;

	*target = (struct call_target){ 0 };
	if (input->name && !is_name(input->name)) {
		varlink_invalid_parameter(call, "name");
		return false;
	}
	if (!input->name && !input->pid.is_given) {
		machine_refuse(call, MACHINE_ERROR("NoSuchMachine"));
		return false;
	}
	if ((!input->name || call_target_open(target, input->name, &failure) == 0) &&
	    (!input->pid.is_given || open_by_process(target, call, input, &failure)))
		return true;
	machine_fail(call, &failure);
	return false;
}

bool machine_who_open_container(struct call_target *target, struct varlink_call *call,
				const struct machine_input *input)
{
	if (!machine_who_open(target, call, input))
		return false;
	if (call_target_is_container(target))
		return true;
	machine_refuse(call, MACHINE_ERROR("NotSupported"));
	return false;
}
