/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks of LXC, and so of LXD: lxc.container.conf(5), "CONTAINER HOOKS". With
 * lxc.hook.version 0, name, section and type come as arguments; with 1 all is
 * in the environment.
 */
#include "tools/hook.h"
#include "tools/message.h"

#include <stdlib.h>
#include <string.h>

/* The root file system as lxc.rootfs.path has it, where that is a directory: "dir:/srv/web1/rootfs". */
static int set_root(struct hook *hook, const char *path)
{
	if (path && strncmp(path, "dir:", 4) == 0)
		path += 4;
	/* Others are mounted by now, and found from the leader. */
	return path && *path == '/' ? registration_set_root(&hook->reg, path) : 0;
}

static int read_start(struct hook *hook)
{
	const char *pid = getenv("LXC_PID");

	if (!pid) {
		complain("%s: LXC_PID isn't in the environment", hook->reg.subject);
		return -1;
	}
	hook->name_hint = "--name=";
	if (registration_set_leader(&hook->reg, pid) < 0 ||
	    registration_set_service(&hook->reg, getenv("LXD_DIR") ? "lxd" : "lxc") < 0)
		return -1;
	return set_root(hook, getenv("LXC_ROOTFS_PATH"));
}

int hook_read_lxc(struct hook *hook, char **arguments)
{
	const char *name = getenv("LXC_NAME"), *type = getenv("LXC_HOOK_TYPE");

	if (arguments[0]) {
		if (!arguments[1] || !arguments[2] || arguments[3]) {
			complain("%s: takes no arguments, or NAME lxc TYPE", hook->reg.subject);
			return -1;
		}
		name = arguments[0];
		type = arguments[2];
	}
	if (!name || !type) {
		complain("%s: %s isn't in the environment", hook->reg.subject,
			 name ? "LXC_HOOK_TYPE" : "LXC_NAME");
		return -1;
	}
	hook_set_subject(hook, name);
	hook_add_name(hook, name);
	if (strcmp(type, "start-host") == 0) {
		hook->event = HOOK_START;
		return read_start(hook);
	}
	if (strcmp(type, "post-stop") == 0)
		hook->event = HOOK_STOP;
	return 0;
}
