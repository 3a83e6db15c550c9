/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/pid_namespace.h"

#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/process.h"

#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

ino_t pid_namespace_inode(uint32_t pid)
{
	CLEANUP_CLOSE int fd = pid ? process_open_namespace(pid, NAMESPACE_PID) : -1;
	struct stat st;
	int r = pid ? fstat(fd, &st) : stat("/proc/self/ns/pid", &st);

	return r == 0 ? st.st_ino : 0;
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
	CLEANUP_CLOSE int fd = process_open_namespace(pid, NAMESPACE_PID);
	ino_t own = pid_namespace_inode(0);
	struct stat st;
	int count = 0;

	while (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino != own && count < PID_NAMESPACES_MAX) {
		int parent = ioctl(fd, NS_GET_PARENT);

		inodes[count++] = st.st_ino;
		close(fd);
		fd = parent;
	}
	return count;
}
