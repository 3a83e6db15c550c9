/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/sealed_copy.h"

#include "registry/cleanup.h"
#include "tools/message.h"

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

static int create(void)
{
	int fd = memfd_create("mymachines", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("mymachines", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int copy(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, INT32_MAX);
	while (n > 0);
	return n < 0 || fcntl(to, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

/* Only returns if that can't be done. */
static int execute(int fd, const char *verb, int argc, char **argv)
{
	CLEANUP_FREE char **arguments = calloc((size_t) argc + 2, sizeof *arguments);

	if (!arguments)
		return -ENOMEM;
	arguments[0] = argv[0];
	arguments[1] = (char *) verb;
	memcpy(arguments + 2, argv + 1, (size_t) argc * sizeof *argv);
	fexecve(fd, arguments, environ);
	return -errno;
}

int sealed_copy_enter(const char *verb, int argc, char **argv)
{
	CLEANUP_CLOSE int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CLEANUP_CLOSE int fd = -1;
	int seals = own < 0 ? -1 : fcntl(own, F_GET_SEALS), r;

	if (seals >= 0 && (seals & SEALS) == SEALS) {
		/* Otherwise, ps shows the number of a descriptor. */
		prctl(PR_SET_NAME, program_invocation_short_name);
		return 0;
	}
	r = own < 0 ? -errno : (fd = create());
	if (r >= 0)
		r = copy(own, fd);
	if (r == 0)
		r = execute(fd, verb, argc, argv);
	complain("%s: cannot run from a copy of this program: %s", verb, strerror(-r));
	return -1;
}
