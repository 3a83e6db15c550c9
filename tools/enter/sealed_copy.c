/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/sealed_copy.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* include/uapi/linux/memfd.h, Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int create_memory_file(void)
{
	int fd = memfd_create("mymachines", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("mymachines", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int copy_program(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, INT32_MAX);
	while (n > 0);
	return n < 0 || fcntl(to, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int sealed_copy_enter(const char *verb, char **argv, struct failure *f)
{
	CLEANUP_CLOSE int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CLEANUP_CLOSE int fd = -1;
	int seals = own < 0 ? -1 : fcntl(own, F_GET_SEALS), r;

	if (seals >= 0 && (seals & SEALS) == SEALS) {
		/* The kernel has named the process after the number of a descriptor. */
		prctl(PR_SET_NAME, basename(argv[0]));
		return 0;
	}
	r = own < 0 ? -errno : (fd = create_memory_file());
	if (r >= 0)
		r = copy_program(own, fd);
	if (r == 0) {
		fexecve(fd, argv, environ);
		r = -errno;
	}
	return failure_errno(f, r, "%s: cannot run from a copy of this program", verb);
}
