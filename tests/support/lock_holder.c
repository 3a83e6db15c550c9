/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lock_holder FILE: print the pid of the process that has a record lock on it; exit with 1 if
 * none has. In one step, unlike /proc/locks: what that shows is counted anew by each read(2),
 * so that a lock can be in there twice, or not at all, while others come and go on the host.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return EXIT_FAILURE;
	printf("%d\n", lock.l_pid);
	return EXIT_SUCCESS;
}
