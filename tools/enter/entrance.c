/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/entrance.h"

#include "base/pidfd.h"
#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/machine_file.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "tools/control/frozen_cgroups.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum namespace_kind kind;
	int flag;
} namespaces[] = {
	{ "user", NAMESPACE_USER, CLONE_NEWUSER },  { "cgroup", NAMESPACE_CGROUP, CLONE_NEWCGROUP },
	{ "ipc", NAMESPACE_IPC, CLONE_NEWIPC },	    { "uts", NAMESPACE_UTS, CLONE_NEWUTS },
	{ "net", NAMESPACE_NETWORK, CLONE_NEWNET }, { "pid", NAMESPACE_PID, CLONE_NEWPID },
	{ "mnt", NAMESPACE_MOUNT, CLONE_NEWNS },    { "time", NAMESPACE_TIME, CLONE_NEWTIME },
};

/* 0 or a negative errno. A kind of namespace that this kernel doesn't have is skipped. */
static int find_namespaces(struct entrance *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		char own[PROC_PATH_SIZE];
		int r;

		snprintf(own, sizeof own, "/proc/self/ns/%s", namespaces[i].name);
		if (access(own, F_OK) < 0 && errno == ENOENT)
			continue;
		r = process_shares_namespace(NULL, e->leader, namespaces[i].kind);
		if (r < 0)
			return r;
		if (r == 0)
			e->namespaces |= namespaces[i].flag;
	}
	return 0;
}

static int read_privileges(struct entrance *e)
{
	CLEANUP_FREE char *status = proc_read_text(e->leader, "status");
	const char *line = status ? strstr(status, "\nCapBnd:") : NULL;

	if (!status)
		return -errno;
	e->no_new_privileges = strstr(status, "\nNoNewPrivs:\t1");
	return line && sscanf(line, "\nCapBnd: %" SCNx64, &e->capabilities) == 1 ? 0 : -EBADMSG;
}

/* 0 or a negative errno. */
static int read_leader(struct entrance *e, const struct machine *machine,
		       const struct pid_context *context)
{
	int r = e->pidfd = leader_open(&machine->leader, context);

	if (r >= 0)
		r = e->root = machine_root_open(machine, context);
	if (r >= 0)
		r = find_namespaces(e);
	if (r == 0)
		r = read_privileges(e);
	/* If it still lives, everything above was read of this leader, not of a reused pid. */
	if (r == 0 && !pidfd_is_alive(e->pidfd))
		r = -ESRCH;
	return r;
}

int entrance_open(struct entrance *e, const struct machine *machine,
		  const struct pid_context *context, struct failure *f)
{
	int r;

	*e = (struct entrance){ .leader = machine->leader.pid, .pidfd = -1, .root = -1 };
	/* A copy: the caller may close the registry while a visitor is in the machine. */
	snprintf(e->machine, sizeof e->machine, "%s", machine->name);
	if (machine->class != MACHINE_CONTAINER)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: is a virtual machine, which can't be entered; "
				   "use 'mymachines ssh %s'",
				   e->machine, e->machine);
	if (geteuid() != 0)
		return failure_set(f, FAILURE_NOT_PERMITTED, "%s: entering a machine needs root",
				   e->machine);
	r = read_leader(e, machine, context);
	if (r < 0)
		return machine_failure(f, machine, "enter it", r);
	/* A visitor joins the frozen cgroup: it would stop, and the caller would wait for it. */
	if (process_is_frozen(e->leader))
		return failure_set(f, FAILURE_PAUSED, "%s: is paused; resume it first", e->machine);
	if (!e->namespaces && machine_root_is_hosts(e->root))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: its leader has no namespace of its own, so there is "
				   "nothing to enter",
				   e->machine);
	return 0;
}

void entrance_close(struct entrance *e)
{
	cleanup_close(&e->pidfd);
	cleanup_close(&e->root);
	e->pidfd = e->root = -1;
}
