/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/ownership.h"

#include "base/cleanup.h"
#include "base/pidfd.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "tools/processes/machine_processes.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The kernel nests at most 32 user namespaces: user_namespaces(7). */
#define NAMESPACES_MAX 33

/* Whether the user has made its user namespace, or one around it. The host's belongs to root. */
static bool is_in_namespace_of(uint32_t pid, uid_t user)
{
	CLEANUP_CLOSE int namespace = process_open_namespace(pid, NAMESPACE_USER);
	uid_t owner;

	for (int i = 0; i < NAMESPACES_MAX && namespace >= 0; i++) {
		int parent;

		if (ioctl(namespace, NS_GET_OWNER_UID, &owner) == 0 && owner == user)
			return true;
		parent = ioctl(namespace, NS_GET_PARENT);
		close(namespace);
		namespace = parent;
	}
	return false;
}

static int check_processes(const struct machine_leader *leader, uid_t user, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(machine_processes_close)
	struct machine_processes processes = { .namespace = -1 };
	/* With all that a signal to the machine reaches, which is most for a VM: by its cgroup, too. */
	const struct machine machine = { .name = "", .class = MACHINE_VM, .leader = *leader };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;
	struct process *list;
	long n;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	n = machine_processes_open(&processes, &snapshot, has_cgroups ? &cgroups : NULL, &arena,
				   &machine);
	if (n == 0)
		n = machine_processes_list(&processes, &arena, &list);
	if (n < 0)
		return failure_errno(f, (int) n, "cannot look at the machine's processes");
	/* One that has just ended can't be looked at, and is nobody's. */
	for (long i = 0; i < n; i++)
		if (!process_runs_as(list[i].pid, user) && !is_in_namespace_of(list[i].pid, user) &&
		    process_shares_namespace(NULL, list[i].pid, NAMESPACE_USER) >= 0)
			return failure_set(f, FAILURE_NOT_PERMITTED,
					   "process %u of the machine isn't of the user who asks",
					   list[i].pid);
	return 0;
}

int check_ownership(pid_t pid, uid_t user, int *pidfd, struct failure *f)
{
	struct machine_leader leader;
	int error = 0;
	enum leader_verdict verdict = process_inspect(pid, &leader, pidfd, &error);

	if (verdict != LEADER_OK)
		return failure_set(f, FAILURE_NO_PROCESS, "leader %d: %s", (int) pid,
				   leader_verdict_words(verdict, error));
	if (!process_runs_as(leader.pid, user) && !is_in_namespace_of(leader.pid, user))
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "leader %u isn't a process of the user who asks", leader.pid);
	return check_processes(&leader, user, f);
}

bool owns_process(const struct machine_leader *process, uid_t user)
{
	CLEANUP_CLOSE int pidfd = -1;
	struct machine_leader found;
	int error = 0;

	return process_inspect(process->pid, &found, &pidfd, &error) == LEADER_OK &&
	       leader_equal(&found, process) &&
	       (process_runs_as(found.pid, user) || is_in_namespace_of(found.pid, user)) &&
	       pidfd_is_alive(pidfd);
}

bool may_use_own(const struct machine *m, uid_t user, enum own_use use)
{
	CLEANUP_CLOSE int pidfd = -1;
	struct failure failure;

	if (user == 0 || m->owner != user)
		return false;
	if (use == OWN_UNREGISTER)
		return true;
	if (use == OWN_SUPERVISOR)
		return owns_process(&m->supervisor, user);
	/* A process that has taken over the leader's pid gains nothing: the operation acts on the leader only. */
	return check_ownership((pid_t) m->leader.pid, user, &pidfd, &failure) == 0 &&
	       (use != OWN_TERMINAL || is_in_namespace_of(m->leader.pid, user));
}
