/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/peer.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

bool systemd_is_running(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

/* Whether there are processes in its unit. */
static bool unit_is_running(void)
{
	CLEANUP_FREE char *processes = NULL;
	struct cgroup_hierarchy cgroups;
	char path[PATH_MAX + 128];

	if (cgroup_hierarchy_find(&cgroups) < 0)
		return false;
	snprintf(path, sizeof path, "%s%s/system.slice/systemd-machined.service/cgroup.procs",
		 cgroups.mount, cgroups.root);
	processes = file_read_text(path);
	return processes && *processes;
}

/* Whether somebody listens where it answers systemd-userdbd.service(8). */
static bool socket_is_served(void)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = "/run/systemd/userdb/io.systemd.Machine",
	};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof address) == 0;
}

bool peer_is_running(void)
{
	/* Where systemd listens in its place, to connect would start it. */
	return systemd_is_running() ? unit_is_running() : socket_is_served();
}
