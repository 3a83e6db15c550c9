/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work for a call that may take time: a child does it, so that a machine that
 * blocks it delays no other call. The child isn't dumpable, and ends with the
 * process that has started it.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define WORK_TEXT_SIZE 4096

/* The child's result. */
struct work_result {
	int fd; /* a descriptor, or -1 */
	/* Of the work's own meaning, bounded; of a stranger's if the machine wrote it. */
	char text[WORK_TEXT_SIZE];
	size_t size; /* bytes of it */
};

/* In the child. 0, or -1 with a failure. */
typedef int work_function(const void *argument, struct work_result *result,
			  struct failure *failure);

/* Stays where it is while it is under way. */
struct work {
	pid_t pid;
	int socket; /* can be read when the work is done, or the child has ended */
	uid_t user;
	struct left_child *left; /* what it becomes at its end */
	struct work *next;	 /* of all that is under way */
};

/* The number that `kept` has in the child. */
#define WORK_KEPT_FD 4

/*
 * Have a child do it for this user, which has the argument by fork(2). Of descriptors from 3
 * on it has only `kept`, unless that is -1. 0, or a negative errno: -EUSERS if too much is
 * under way, of this user's or of all users' but root's. Of a user's ids, `user` is the one that
 * subuid_owner() tells.
 */
int work_start(struct work *work, uid_t user, work_function *function, const void *argument,
	       int kept) __attribute__((nonnull(1, 3, 4), warn_unused_result));

/*
 * What the work has led to, when the socket can be read. The result's descriptor is the
 * caller's. 0, or -1 with a failure: that of the work, or that the child has died.
 */
int work_receive(const struct work *work, struct work_result *result, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* In the child: begin to write a file that becomes the result's descriptor. NULL with a failure. */
FILE *work_result_begin(struct work_result *result, struct failure *failure)
	__attribute__((nonnull));

/* All of it is written. 0, or -1 with a failure. */
int work_result_end(FILE *file, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * All that the child has written to the file of the result's descriptor, and a NUL behind it: the
 * caller's to free. NULL, with a negative errno, if it can't be read.
 */
char *work_result_bytes(const struct work_result *result, size_t *size, int *error)
	__attribute__((nonnull));

/* Wait for children that have ended meanwhile: they stay zombies until this, or until the next work. */
void work_reap(void);

/*
 * Give the work up, or end it when its result is there. A child that has reported ends at once; one
 * that a machine blocks is killed, and left alone if it doesn't die of that.
 */
void work_end(struct work *work) __attribute__((nonnull));
