/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running a command in our place: with the terminal, environment and signals
 * that were ours, and ending as it does. What may take its time meanwhile is
 * left to a worker, another process of ours, so that signals don't wait.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct supervisor {
	sigset_t inherited_mask;
	mode_t inherited_umask;
	void (*inherited_xfsz)(int);
	int signals; /* signalfd(2), or -1 */
	pid_t command;
	bool command_has_ended;
	int command_status; /* as of waitpid(2), when it has */
	pid_t worker;	    /* or 0 */
	int worker_status;  /* the exit status of the last one */
};

/*
 * Keep what the command is to inherit, and have signals wait for it. Before
 * anything is made, as the umask from here on is ours. 0, or -1 after a message.
 */
int supervisor_init(struct supervisor *supervisor);

/*
 * Start the command, with NULL behind its arguments, and `notify_socket`, unless
 * NULL, as its NOTIFY_SOCKET. Of the descriptors that we were given we keep standard
 * error alone: who waits for the end of a pipe waits for the command, not for us. 0,
 * or an exit status after a message: as env(1), 127 where there is no such command,
 * 126 where it can't be executed.
 */
int supervisor_start(struct supervisor *supervisor, const char *subject, char **command,
		     const char *notify_socket);

/*
 * Wait for a signal, the end of a process, or for `fd` unless it is -1, at most so many
 * milliseconds; -1 is for ever. Signals that were sent to us go on to the command,
 * but those of the terminal, which it has got itself.
 */
void supervisor_wait(struct supervisor *supervisor, int fd, int milliseconds);

/*
 * Begin a worker, while there is none. True in the worker, whose exit(3) is
 * supervisor_leave_worker(). Where it can't begin, which is said, it has failed.
 */
bool supervisor_fork_worker(struct supervisor *supervisor, const char *subject);
void supervisor_leave_worker(int status) __attribute__((noreturn));

/* End as the command has: by its signal, but without a core, or this returns its exit status. */
int supervisor_end(const struct supervisor *supervisor);

/* Does nothing to one that isn't there. */
void supervisor_done(struct supervisor *supervisor);
