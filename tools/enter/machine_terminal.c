/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/machine_terminal.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "host/machine_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

/* Linux's Documentation/admin-guide/devices.txt */
#define PTMX_MAJOR	5
#define PTMX_MINOR	2
#define SLAVE_MAJOR	136
#define SLAVE_MAJOR_MAX 143

#define DEVPTS_MAGIC 0x1cd1 /* include/uapi/linux/magic.h */

bool machine_terminal_is_master(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR) && isatty(fd);
}

static bool is_slave(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= SLAVE_MAJOR &&
	       major(st.st_rdev) <= SLAVE_MAJOR_MAX && fstatfs(fd, &fs) == 0 &&
	       fs.f_type == DEVPTS_MAGIC && isatty(fd);
}

static int open_terminal(const char *path, int *master, int *slave)
{
	CLEANUP_CLOSE int fd = machine_path_open(VISITOR_ROOT, path, O_RDWR);
	CLEANUP_CLOSE int peer = -1;
	int unlocked = 0;

	if (fd < 0)
		return fd;
	if (!machine_terminal_is_master(fd))
		return -ENODEV;
	if (ioctl(fd, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	peer = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		return -errno;
	if (!is_slave(peer))
		return -ENODEV;
	*master = fd;
	*slave = peer;
	fd = peer = -1;
	return 0;
}

int machine_terminal_open(int *master, int *slave)
{
	static const char *const paths[] = { "/dev/ptmx", "/dev/pts/ptmx" };
	int r = -ENOENT, first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && r < 0; i++) {
		r = open_terminal(paths[i], master, slave);
		if (i == 0)
			first = r;
	}
	/* A reason other than absence says more. */
	return r == -ENOENT ? first : r;
}
