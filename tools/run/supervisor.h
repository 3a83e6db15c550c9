/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command in our place: this process becomes the command, and the supervisor
 * goes on in another process beside it. For a daemon, the supervisor is the parent
 * instead, which waits until the daemon is in the background. Work that takes time
 * is left to a worker, another process of ours, so that signals don't wait.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* How a worker has ended: its exit status, or by a signal, as when memory is short. */
enum worker_result { WORKER_DONE, WORKER_MAY_RETRY, WORKER_FAILED, WORKER_KILLED };

struct supervisor {
	sigset_t inherited_mask;
	mode_t inherited_umask;
	void (*inherited_xfsz)(int);
	void (*inherited_child)(int);
	int signals; /* signalfd(2), or a negative errno */
	pid_t command;
	int command_pidfd; /* if the supervisor isn't its parent, or -1 */
	bool command_has_ended;
	int command_status;		  /* as of waitpid(2), when it has, and we are its parent */
	pid_t worker;			  /* or 0 */
	enum worker_result worker_result; /* of the last one */
};

/*
 * Remember what the command is to inherit, and let signals wait for it. To be
 * called before anything is made, as the umask is ours from here on.
 */
void supervisor_init(struct supervisor *supervisor) __attribute__((nonnull));

/*
 * Whether a service manager has started this very process and counts on its pid:
 * it sends signals and watchdog requests to it, and takes notifications from it.
 */
bool supervisor_is_service(void);

/*
 * Become the command, with NULL behind its arguments, and with `notify_socket`,
 * unless that is NULL, as its NOTIFY_SOCKET; and continue as the supervisor in
 * another process beside it, in a session of its own. The supervisor leaves the
 * command's cgroup, where it would be killed with the command. Of the descriptors that
 * we were given it keeps standard error alone, because a reader that waits for the
 * end of a pipe waits for the command and not for us. 0 in the supervisor; or -1 with
 * a failure in the process that couldn't become the command: FAILURE_NO_PROGRAM if
 * there is no such command, FAILURE_NOT_EXECUTABLE if it can't be executed, and another
 * kind if no supervisor can be made.
 */
int supervisor_exec(struct supervisor *supervisor, char **command, const char *notify_socket,
		    struct failure *failure) __attribute__((nonnull(1, 2, 4), warn_unused_result));

/* Become the command, without a supervisor. Returns -1 with a failure as of supervisor_exec(). */
int supervisor_exec_alone(const struct supervisor *supervisor, char **command,
			  struct failure *failure) __attribute__((nonnull));

/*
 * Start the command as a child, and keep the same descriptor. 0, or -1 with a failure
 * as of supervisor_exec().
 */
int supervisor_start(struct supervisor *supervisor, char **command, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Wait for a signal, the end of a process, `fd` or the end of the leader by its pidfd,
 * unless they are -1, for so many milliseconds at most; -1 is for ever. A parent passes on to the command the signals
 * that were sent to us, except those of the terminal, which the command gets itself.
 */
void supervisor_wait(struct supervisor *supervisor, int fd, int leader, int milliseconds);

/*
 * Begin a worker, while there is none. 1 in the worker, which ends by
 * supervisor_leave_worker(); 0 in the supervisor; -1 with a failure.
 */
int supervisor_fork_worker(struct supervisor *supervisor, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
void supervisor_leave_worker(enum worker_result result) __attribute__((noreturn));

/*
 * End as the command did: by its signal, but without a core; or return its exit
 * status. Beside the command, 0.
 */
int supervisor_end(const struct supervisor *supervisor);

/* Does nothing to one that wasn't initialised. */
void supervisor_done(struct supervisor *supervisor);
