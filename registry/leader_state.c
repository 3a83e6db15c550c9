/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/leader_state.h"

#include "base/cleanup.h"
#include "base/pidfd.h"
#include "registry/process_stat.h"

#include <signal.h>
#include <sys/stat.h>

/* The process that has the leader's pid in this process's pid namespace. */
enum pid_holder { HOLDER_LEADER, HOLDER_NOT_LEADER, HOLDER_UNKNOWN };

static enum pid_holder unknown(int error, int *why)
{
	*why = error;
	return HOLDER_UNKNOWN;
}

/* A pidfd's inode is never used again while the system runs, so it proves who it is, anywhere. */
static enum pid_holder find_holder_by_inode(const struct machine_leader *leader, int *why)
{
	CLEANUP_CLOSE int fd = pidfd_of((pid_t) leader->pid);
	struct stat st;
	int r;

	/* The last two are what the kernel says of a thread's id. */
	if (fd == -ESRCH || fd == -EINVAL || fd == -ENOENT)
		return HOLDER_NOT_LEADER;
	if (fd < 0)
		return unknown(fd, why);
	if (fstat(fd, &st) < 0)
		return unknown(-errno, why);
	if (st.st_ino != leader->pidfd_inode)
		return HOLDER_NOT_LEADER;
	r = pidfd_has_ended(fd);
	if (r < 0)
		return unknown(r, why);
	return r == 0 ? HOLDER_LEADER : HOLDER_NOT_LEADER;
}

static enum pid_holder find_holder_by_start(const struct machine_leader *leader, int *why)
{
	struct process_stat stat;
	int r = process_stat_read(leader->pid, &stat);

	if (r == 0)
		return stat.start_time == leader->start_time && !process_stat_is_dead(&stat)
			       ? HOLDER_LEADER
			       : HOLDER_NOT_LEADER;
	if (r != -ENOENT && r != -ESRCH)
		return unknown(r, why);
	/* hidepid= hides a process from /proc, but not from kill(2). */
	if (kill((pid_t) leader->pid, 0) < 0 && errno == ESRCH)
		return HOLDER_NOT_LEADER;
	return unknown(-EACCES, why);
}

/* Whether a system call is refused as such: an old kernel, or a sandbox. */
static bool is_refused(int error)
{
	return error == -ENOSYS || error == -EPERM || error == -EACCES;
}

enum leader_state leader_state(const struct machine_leader *leader,
			       const struct pid_context *context, int *error)
{
	enum pid_holder holder = HOLDER_UNKNOWN;
	int why = -ENOSYS, r;

	if (leader->pidfd_inode)
		holder = find_holder_by_inode(leader, &why);
	if (holder == HOLDER_LEADER)
		return LEADER_ALIVE;
	if (holder == HOLDER_UNKNOWN && is_refused(why))
		holder = find_holder_by_start(leader, &why);
	/* The number may mean another process here, and its start time another moment. */
	r = holder == HOLDER_UNKNOWN ? why : pid_context_check(context);
	if (r == 0)
		return holder == HOLDER_LEADER ? LEADER_ALIVE : LEADER_DEAD;
	if (error)
		*error = r;
	return LEADER_UNKNOWN;
}

int machine_may_be_alive(const struct machine *machine, const struct pid_context *context)
{
	int error = 0;
	enum leader_state state = leader_state(&machine->leader, context, &error);

	if (state == LEADER_UNKNOWN && (error == -EMFILE || error == -ENFILE || error == -ENOMEM))
		return error;
	return state != LEADER_DEAD;
}

const struct machine_leader *machine_supervisor(const struct machine *machine,
						const struct pid_context *context)
{
	const struct machine_leader *supervisor = &machine->supervisor;

	return supervisor->pid && leader_state(supervisor, context, NULL) != LEADER_DEAD
		       ? supervisor
		       : NULL;
}
