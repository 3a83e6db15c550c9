/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/file_flags.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

int file_flags_read(int fd, unsigned int *flags)
{
	/* The kernel expects a pointer to int, although its header says long. */
	unsigned int value = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &value) < 0)
		return errno == EOPNOTSUPP ? -ENOTTY : -errno;
	*flags = value;
	return 0;
}

int file_flags_change(int fd, unsigned int mask, unsigned int flags)
{
	unsigned int former = 0, wanted;
	int r = file_flags_read(fd, &former);

	if (r < 0)
		return r;
	wanted = (former & ~mask) | (flags & mask);
	if (wanted == former)
		return 0;
	return ioctl(fd, FS_IOC_SETFLAGS, &wanted) < 0 ? -errno : 0;
}
