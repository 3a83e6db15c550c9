/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/pid_namespace.h"

#include "base/cleanup.h"
#include "base/proc_file.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

ino_t pid_namespace_inode(uint32_t pid)
{
	char path[PROC_PATH_SIZE] = "/proc/self/ns/pid";
	struct stat st;

	if (pid)
		proc_path(path, pid, "ns/pid");
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

bool pid_namespace_is_led_by(uint32_t pid)
{
	CLEANUP_FREE char *status = proc_read_text(pid, "status");
	char *line = status ? strstr(status, "\nNSpid:") : NULL, *innermost;

	if (!line)
		return false;
	line++;
	line[strcspn(line, "\n")] = '\0';
	innermost = strrchr(line, '\t');
	/* A single number is the pid in the caller's own namespace. */
	return innermost && strcmp(innermost, "\t1") == 0 && strchr(line, '\t') != innermost;
}

int pid_namespaces_read(uint32_t pid, ino_t inodes[static PID_NAMESPACES_MAX])
{
	CLEANUP_CLOSE int fd = -1;
	ino_t own = pid_namespace_inode(0);
	char path[PROC_PATH_SIZE];
	struct stat st;
	int count = 0;

	proc_path(path, pid, "ns/pid");
	/* Most processes are in the caller's own namespace: then nothing is opened. */
	if (stat(path, &st) < 0 || st.st_ino == own)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino != own && count < PID_NAMESPACES_MAX) {
		int parent = ioctl(fd, NS_GET_PARENT);

		inodes[count++] = st.st_ino;
		close(fd);
		fd = parent;
	}
	return count;
}
