/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/change_batch.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* So much may wait for the monitor: some thousand changes. */
#define BUFFER_BYTES (8 * 1024 * 1024)

/* In nanoseconds. */
#define BATCH_TIME	      20000000
#define NANOSECONDS_OF_SECOND 1000000000

/* A batch rests for so many times what it cost. */
#define BATCH_REST 4

/* Finer than milliseconds: most batches cost less than one. */
static int64_t work_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t) now.tv_sec * NANOSECONDS_OF_SECOND + now.tv_nsec;
}

int change_batch_open(struct change_batch *batch, struct sources *sources,
		      const unsigned int *groups, size_t count)
{
	static const int bytes = BUFFER_BYTES;
	int timer, r = source_add_oneshot(sources, &batch->changes, netlink_listen(groups, count));

	if (r < 0)
		return r;
	/* If that isn't permitted, changes are lost sooner, and then all machines are looked at. */
	setsockopt(batch->changes.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return source_add(sources, &batch->timer, timer < 0 ? -errno : timer);
}

void change_batch_close(struct change_batch *batch, struct sources *sources)
{
	source_remove(sources, &batch->changes);
	source_remove(sources, &batch->timer);
}

int change_batch_read(struct change_batch *batch, const struct source *source,
		      void take(const struct nlmsghdr *message, void *into), void *into)
{
	uint64_t expirations;
	int r;

	batch->began = work_nanoseconds();
	if (source == &batch->timer)
		(void) !read(source->fd, &expirations, sizeof expirations);
	r = netlink_drain(batch->changes.fd, take, into);
	batch->is_any = r != 0;
	return r < 0 ? r : 0;
}

void change_batch_end(struct change_batch *batch, struct sources *sources)
{
	int64_t rest = BATCH_TIME + BATCH_REST * (work_nanoseconds() - batch->began);
	struct itimerspec at = { .it_value = { .tv_sec = rest / NANOSECONDS_OF_SECOND,
					       .tv_nsec = rest % NANOSECONDS_OF_SECOND } };

	if (batch->is_any)
		timerfd_settime(batch->timer.fd, 0, &at, NULL);
	else
		source_rearm(sources, &batch->changes);
}
