/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cancellation of the calling thread, pthread_cancel(3), put off: it would leak
 * descriptors and leave locks taken. For plug-ins, whose threads are others'.
 *
 *	CLEANUP(cancellation_restore) const struct cancellation c = cancellation_disable();
 *
 * The type is set, too: glibc's handler of a cancellation that was already on its
 * way when the state was set looks at the type alone (2.36, nptl/pthread_cancel.c).
 * And glibc sets the type itself while a system call such as open(2) goes on, at
 * whose end it waits for a cancellation on its way (nptl/cancellation.c): a call
 * that opens nothing makes it wait, for a thread that may be cancelled anywhere.
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/* As they were, to be restored. */
struct cancellation {
	int state, type;
};

static inline void await_cancellation(void)
{
	const int before = errno;

	close(-1);
	errno = before;
}

static inline struct cancellation cancellation_disable(void)
{
	struct cancellation c = { PTHREAD_CANCEL_ENABLE, PTHREAD_CANCEL_DEFERRED };

	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &c.type);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &c.state);
	if (c.type == PTHREAD_CANCEL_ASYNCHRONOUS)
		await_cancellation();
	return c;
}

/* The thread may end here. */
static inline void cancellation_restore(const struct cancellation *c)
{
	pthread_setcancelstate(c->state, NULL);
	pthread_setcanceltype(c->type, NULL);
}
