/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* of all architectures but alpha: Linux 5.9 */
#endif

static int close_range_of(unsigned first, unsigned last)
{
	return syscall(SYS_close_range, first, last, 0) < 0 ? -errno : 0;
}

size_t descriptors_allow(size_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur >= count)
		return limit.rlim_cur;
	if (limit.rlim_max < count)
		limit.rlim_max = count;
	limit.rlim_cur = count;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

void descriptors_allow_few(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= FD_SETSIZE)
		return;
	limit.rlim_cur = FD_SETSIZE;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int descriptors_close_from(int first)
{
	return close_range_of((unsigned) first, ~0U);
}

static void close_row(int first, int last)
{
	/* A sandbox may know only the older call. */
	if (first < last && close_range_of((unsigned) first, (unsigned) last) == 0)
		return;
	for (int fd = first; fd <= last; fd++)
		close(fd);
}

void descriptors_close(const int *descriptors, size_t count)
{
	for (size_t i = 0, next; i < count; i = next) {
		next = i + 1;
		if (descriptors[i] < 0)
			continue;
		while (next < count && descriptors[next] == descriptors[next - 1] + 1)
			next++;
		close_row(descriptors[i], descriptors[next - 1]);
	}
}

ssize_t descriptors_send(int socket, const void *bytes, size_t size, const int *descriptors,
			 size_t count, int flags)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(DESCRIPTORS_SENT_MAX * sizeof(int))];
	} control;
	const size_t descriptors_size = count * sizeof *descriptors;
	struct iovec part = { (void *) bytes, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (count > DESCRIPTORS_SENT_MAX)
		return -EINVAL;
	if (count > 0) {
		memset(control.bytes, 0, CMSG_SPACE(descriptors_size));
		control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS,
						   .cmsg_len = CMSG_LEN(descriptors_size) };
		memcpy(CMSG_DATA(&control.header), descriptors, descriptors_size);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(descriptors_size);
	}
	n = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

size_t descriptors_received(struct msghdr *message, int *descriptors, size_t room)
{
	size_t taken = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (taken < room)
				descriptors[taken++] = fd;
			else
				close(fd);
		}
	}
	return taken;
}
